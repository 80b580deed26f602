"""Which frames of a clip are worth painting."""
