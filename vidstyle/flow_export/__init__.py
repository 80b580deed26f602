"""The flow of a clip as files."""
