"""Built-in scenes: drawn pictures with and without people, endless, seeded and labeled.

They let everything be tried without photos. They are drawings: a model trained on them is no product.
"""

from wakeling.data.scenes.compose import AREA_THRESHOLD, SCENES_VERSION, PersonBox, Scene, render

__all__ = ["AREA_THRESHOLD", "SCENES_VERSION", "PersonBox", "Scene", "render"]
