"""The pages: views, templates, the stylesheet and the administration."""
