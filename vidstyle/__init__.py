"""Paint a video in the style of a picture: steady in time, with sound and timing kept, resumable."""
