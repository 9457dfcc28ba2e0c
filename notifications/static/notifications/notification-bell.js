// The bell: see docs/bell.md.
