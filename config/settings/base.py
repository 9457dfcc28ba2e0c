"""Where settings come from, where files lie, and what is logged."""

from pathlib import Path

from config import embedded, logs
from config.environment import Environment

BASE_DIR = Path(__file__).resolve().parents[2]
env = Environment()
DATA_DIR = BASE_DIR / env.str("DATA_DIR", default=".data")
PLACES = embedded.places(DATA_DIR)
if PLACES.settings_file.exists():
    env.read_env(PLACES.settings_file)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
#: json for machines, console for people.
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOGGING_CONFIG = None
logs.configure(level=LOG_LEVEL, as_json=LOG_FORMAT == "json")
