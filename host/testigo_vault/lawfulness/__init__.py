"""Whether a recording was made as the law and the signed documents require (docs/lawfulness.md).

`check.check` compares a recording as it was read with the documents that it names, with the record of what was erased and, where
the audio key is open, with the times of its packets. It reads no file and no database: `case.Case` holds what was read.
"""
