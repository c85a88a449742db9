"""The flights of 2013 out of New York: how long will this one be in the air?

`source` reads the record, `features` says what was known at departure, `training` is the pipeline, `world` lets the
year pass day by day, `journey` lives through it against a running platform, `report` tells what came of it.
"""
