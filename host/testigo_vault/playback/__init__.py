"""Opening, ordering and mixing the audio of a recording."""
