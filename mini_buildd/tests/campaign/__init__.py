"""Long runs, each ending with a table of figures: `./devel campaign NAME`."""
