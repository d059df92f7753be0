"""Items that ended long ago leave the database for compressed files, and come back when they are asked for."""
