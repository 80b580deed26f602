"""Many pictures and clips in many styles. (Called so because `vidstyle.batch` is the function.)"""

METHOD = "style"
"""The method that batches are painted by: it learns from one picture."""
