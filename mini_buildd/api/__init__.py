"""The JSON API: decode, ask one query or verb, encode; who may is the verbs' own business."""
