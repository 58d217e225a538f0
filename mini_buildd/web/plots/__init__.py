"""Plots as SVG made here: lines and bars over columns, lanes over time; no script draws them."""
