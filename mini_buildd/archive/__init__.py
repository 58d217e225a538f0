"""The apt archive on disk: plan the indexes, write them, sign them, swap one pointer."""
