"""Why is there no picture in these bytes?"""

from __future__ import annotations

REASONS = ("empty", "strange", "large", "torn", "packed", "no_dicom")


class Unreadable(ValueError):
    """There is no picture in these bytes.

    `reason` is "empty" (no bytes), "strange" (no picture of a known format: a text file named .jpg), "large" (more pixels than allowed),
    "torn" (a picture once, now cut off or broken), "packed" (DICOM, compressed in a way that nothing here unpacks) or "no_dicom" (DICOM, and
    the extra that reads it is not installed).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
