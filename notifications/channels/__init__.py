"""Ways to reach people outside of this platform: one file each."""
