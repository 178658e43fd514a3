"""The C of a model's decision: the rule's constants, and how an output becomes a score.

The rule itself is in `export.c.decision`, the code that follows it in `runtime/wk_decision.c`.
"""

from __future__ import annotations

from importlib.resources import files as resources

from wakeling.export.c.decision import Decision
from wakeling.export.c.emit.about import About
from wakeling.export.c.emit.run import C_TYPES
from wakeling.export.c.emit.text import comment, own_names


def decision_files(about: About, decision: Decision) -> dict[str, str]:
    """C files by their names for the model that `about` describes."""
    texts = {
        "wk_decision_setup.h": _header(about, decision),
        "wk_decision_setup.c": _source(about, decision),
    }
    for file in ("wk_decision.h", "wk_decision.c"):
        texts[file] = (resources("wakeling.export.c") / "runtime" / file).read_text("utf-8")
    return {own_names(file, about.name): own_names(text, about.name) for file, text in texts.items()}


def _header(about: About, decision: Decision) -> str:
    smoothing = decision.smoothing
    smoothed = (
        f"the mean of {smoothing.frames} frames"
        if smoothing.frames
        else f"a score that moves by 1/{2**smoothing.shift} to each new one"
    )
    score = f"Output {decision.output} ({about.labels[decision.output]})"
    if decision.lead:
        score += " less the largest other output"
    about_it = comment(
        f"When this model has seen it. {score}; {smoothed} is compared. It appears at {decision.on} or more "
        f"in {decision.frames_on} frames in a row, and disappears below {decision.off} in "
        f"{decision.frames_off}."
    ).removesuffix(" */")
    return f"""\
{about_it}
 *
 *     static wk_decision_t decision;
 *     wk_decision_init(&decision);
 *     wk_run(&model);
 *     if (wk_decide(&decision, &model) == WK_APPEARED) {{ ... }}
 */
#ifndef WK_DECISION_SETUP_H
#define WK_DECISION_SETUP_H

#include "{about.name}.h"
#include "wk_decision.h"

#ifdef __cplusplus
extern "C" {{
#endif

/* Begins with nothing there. */
void wk_decision_init(wk_decision_t *decision);

/* The score of the model's last output. */
int32_t wk_score(const wk_t *model);

/* What the model's last output brings: WK_NOTHING, WK_APPEARED or WK_DISAPPEARED. */
int wk_decide(wk_decision_t *decision, const wk_t *model);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _source(about: About, decision: Decision) -> str:
    element, smoothing = C_TYPES[about.output.element], decision.smoothing
    others = ""
    if decision.lead:
        others = f"""\
    int32_t largest = INT32_MIN;
    for (int32_t i = 0; i < WK_OUTPUT_VALUES; i++) {{
        if (i != {decision.output} && output[i] > largest) {{
            largest = output[i];
        }}
    }}
"""
    score = f"output[{decision.output}]" + (" - largest" if decision.lead else "")
    return f"""\
#include "wk_decision_setup.h"

static const wk_decision_rule rule = {{
    .on = {decision.on},
    .off = {decision.off},
    .frames = {smoothing.frames},
    .shift = {smoothing.shift},
    .frames_on = {decision.frames_on},
    .frames_off = {decision.frames_off},
}};

void wk_decision_init(wk_decision_t *decision) {{
    wk_decision_start(decision, &rule);
}}

int32_t wk_score(const wk_t *model) {{
    const {element} *const output = wk_output(model);
{others}    return {score};
}}

int wk_decide(wk_decision_t *decision, const wk_t *model) {{
    return wk_decision_step(decision, wk_score(model));
}}
"""
