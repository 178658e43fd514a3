"""What every test shares: hypothesis without deadlines, because test machines are often busy."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("wakeling", deadline=None, print_blob=True)
hypothesis.settings.load_profile("wakeling")
