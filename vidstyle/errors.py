"""Every error a user can meet, each one line that names the thing and the remedy.

VidstyleError            exit 1
├── UsageError           exit 2   an option is wrong or two options contradict each other
├── InputError           exit 1   a file the user named cannot be used
│   ├── MediaError                a clip, picture or folder of pictures
│   └── WeightsError              a file of network weights
├── OutputError          exit 1   the result or the job's state cannot be written
├── JobError             exit 1   the job directory
│   ├── JobMismatch               it belongs to a job with other settings
│   ├── JobBusy          exit 75  another run is working on it
│   ├── ShotsMissing     exit 75  of a job that is painted shot by shot not all are painted
│   └── FrameDamaged              a painted frame in it; the run that meets it paints it anew
├── OutOfMemory          exit 1   the memory of the machine or its GPU does not suffice
└── Stopped              exit 130 the user asked to stop; everything finished is saved
"""

from __future__ import annotations


class VidstyleError(Exception):
    """Base of all errors meant for a user: `str(error)` is one clear line."""

    exit_code = 1


class UsageError(VidstyleError):
    """An option has a wrong value, or options contradict each other."""

    exit_code = 2


class InputError(VidstyleError):
    """A file that the user named cannot be used."""


class MediaError(InputError):
    """A clip, a picture or a folder of pictures cannot be read."""


class WeightsError(InputError):
    """A file of network weights cannot be used."""


class OutputError(VidstyleError):
    """The result or the job's state cannot be written."""


class JobError(VidstyleError):
    """Something is wrong with a job directory."""


class JobMismatch(JobError):
    """The job directory belongs to a job with other settings."""


class JobBusy(JobError):
    """Another run is working on this job directory."""

    exit_code = 75  # as in sysexits.h: the same command will do later


class ShotsMissing(JobError):
    """Of a job that is painted shot by shot, not all shots are painted yet."""

    exit_code = 75


class FrameDamaged(JobError):
    """A painted frame is damaged on disk. It has been put aside, so that whoever goes on paints it anew."""


class OutOfMemory(VidstyleError):
    """The memory of the machine or its GPU does not suffice; everything finished is saved."""


class Stopped(VidstyleError):
    """The user asked to stop; everything finished so far is saved."""

    exit_code = 130


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of any library says that the memory, of the machine or of a GPU, is used up."""
    # torch is not imported to ask: its error is known by its name, and else by its words, which are the CPU's
    # allocator's, those of the driver or of MPS, and those of CUDA's libraries.
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    words = "can't allocate memory", "out of memory", "_ALLOC_FAILED"
    return named or (isinstance(error, RuntimeError) and any(each in str(error) for each in words))


OUT_OF_MEMORY = "out of memory; choose a smaller --size"
