"""How pages write times and days: FORMAT_MODULE_PATH."""
