"""A job: what it is (its fingerprint) and where its state lives (the job directory)."""

from vidstyle.job.fingerprint import differences, digest, file_entry
from vidstyle.job.frames import FrameStore
from vidstyle.job.lock import Lock
from vidstyle.job.record import FORMAT, LOCK, default_job_directory, is_split, job_named, shots_file
from vidstyle.job.store import JobStore

__all__ = [
    "FORMAT",
    "LOCK",
    "FrameStore",
    "JobStore",
    "Lock",
    "default_job_directory",
    "differences",
    "digest",
    "file_entry",
    "is_split",
    "job_named",
    "shots_file",
]
