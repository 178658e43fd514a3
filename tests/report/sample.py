"""Plausible made-up runs to render: a design that fits, one that does not, the barest one.

The layers are a real MobileNetV1 0.25 by its closed forms; accuracies and images are invented.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from wakeling.report import (
    BudgetUse,
    Candidate,
    ChosenNetwork,
    Confusion,
    DataSummary,
    Deployment,
    Epoch,
    Estimate,
    Evaluation,
    Layer,
    LiveTensor,
    Memory,
    MemoryStep,
    Mistake,
    RefusedImages,
    ReportData,
    RocPoint,
    SplitCount,
    TextBlock,
    Threshold,
    Verdict,
    Verification,
    Witness,
    WrittenFile,
    thumbnail_data_uri,
)

KIB = 1024
LABELS = ("not_person", "person")
RAM_LIMIT, FLASH_LIMIT = 256 * KIB, 1024 * KIB
STAGES = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))


def mobilenet_layers(alpha: float, resolution: int, channels: int) -> tuple[Layer, ...]:
    """MobileNetV1 with 2 classes as deployed: MACs K²·M·N·H·W, parameters with biases."""
    side, width = math.ceil(resolution / 2), max(8, int(32 * alpha))
    rows = [("stem", "conv2d", side, width, 9 * channels * width, resolution**2 * channels)]
    for index, (filters, stride) in enumerate(STAGES, 1):
        before = side * side * width
        side = math.ceil(side / stride)
        rows.append((f"block{index}/depthwise", "depthwise_conv2d", side, width, 9 * width, before))
        outputs = max(8, int(filters * alpha))
        rows.append(
            (f"block{index}/pointwise", "conv2d", side, outputs, width * outputs, side * side * width)
        )
        width = outputs
    layers = [
        Layer(
            name=name,
            operator=operator,
            output_shape=(s, s, c),
            macs=s * s * weights,
            parameters=weights + c,
            ram_bytes=source + s * s * c,
        )
        for name, operator, s, c, weights, source in rows
    ]
    tail = (
        ("pool", "average_pool2d", (1, 1, width), 0, 0, side * side * width + width),
        ("head", "dense", (2,), 2 * width, 2 * width + 2, width + 2),
        ("softmax", "softmax", (2,), 0, 0, 4),
    )
    return (
        *layers,
        *(
            Layer(name=n, operator=o, output_shape=s, macs=m, parameters=p, ram_bytes=r)
            for n, o, s, m, p, r in tail
        ),
    )


def chosen_network(alpha: float = 0.25, resolution: int = 96, channels: int = 3) -> ChosenNetwork:
    layers = mobilenet_layers(alpha, resolution, channels)
    steps, source, size = [], "input", resolution**2 * channels
    for layer in layers:
        made = math.prod(layer.output_shape)
        tensors = (LiveTensor(name=source, size_bytes=size), LiveTensor(name=layer.name, size_bytes=made))
        steps.append(MemoryStep(layer=layer.name, tensors=tensors))
        source, size = layer.name, made
    deployed = sum(layer.parameters for layer in layers)
    return ChosenNetwork(
        name=f"mobilenet_v1-a{alpha}-r{resolution}-rgb",
        family="mobilenet_v1",
        knobs={"alpha": alpha, "resolution": resolution, "channels": channels, "depth": 1.0},
        input_shape=(resolution, resolution, channels),
        macs=sum(layer.macs for layer in layers),
        training_parameters=deployed + 3 * sum(layer.output_shape[-1] for layer in layers[:27]),
        deployed_parameters=deployed,
        layers=layers,
        memory=Memory(runtime="liveness", limit_bytes=RAM_LIMIT, steps=tuple(steps)),
    )


def candidates() -> tuple[Candidate, ...]:
    """120 networks over family, α, resolution, depth and color; the best few are trained."""
    found = []
    grid = itertools.product(
        ("mobilenet_v1", "mobilenet_v2"), (0.1, 0.2, 0.25, 0.35, 0.5), (64, 80, 96, 112, 128, 160), (1, 3)
    )
    for number, (family, alpha, resolution, channels) in enumerate(grid):
        layers = mobilenet_layers(alpha, resolution, channels)
        scale = 0.8 if family == "mobilenet_v2" else 1.0
        macs = int(sum(layer.macs for layer in layers) * scale)
        parameters = int(sum(layer.parameters for layer in layers) * (1.3 - 0.3 * scale))
        ram = int(max(layer.ram_bytes for layer in layers) * (2.2 - 1.2 * scale))
        flash = parameters + 24 * KIB
        fits = ram <= RAM_LIMIT and flash <= FLASH_LIMIT
        found.append((number, family, alpha, resolution, channels, macs, parameters, ram, flash, fits))
    front = {
        row[0]
        for row in found
        if row[9] and not any(o[9] and o[5] > row[5] and o[7] < row[7] and o[6] <= row[6] for o in found)
    }
    ranked = sorted(front, key=lambda n: -found[n][5])
    trained, promoted = set(ranked[1:34:2]), set(ranked[5:14:2])
    winner = next(r[0] for r in found if r[1:5] == ("mobilenet_v1", 0.25, 96, 3))
    rng = np.random.default_rng(5)
    rows = []
    for number, family, alpha, resolution, channels, macs, parameters, ram, flash, fits in found:
        quality = 0.87 - 0.22 * math.exp(-macs / 4e6) + 0.012 * rng.standard_normal()
        status, accuracy, epochs, reason = "dominated", None, 0, "another candidate costs less and does more"
        if not fits:
            over = (
                f"RAM {ram - RAM_LIMIT:,} bytes"
                if ram > RAM_LIMIT
                else f"flash {flash - FLASH_LIMIT:,} bytes"
            )
            status, reason = "infeasible", f"over by {over}"
        elif number == winner:
            status, accuracy, epochs, reason = "winner", 0.8912, 60, "best after the last round"
        elif number in promoted:
            status, accuracy, epochs, reason = "promoted", quality + 0.01, 9, "reached the last round"
        elif number in trained:
            status, accuracy, epochs, reason = "tried", quality - 0.03, 3, "left in the first round"
        elif number in front:
            status, reason = "pareto", "no time left to train it"
        rows.append(
            Candidate(
                name=f"{family}-a{alpha}-r{resolution}-{'rgb' if channels == 3 else 'gray'}",
                family=family,
                knobs={"alpha": alpha, "resolution": resolution, "channels": channels, "depth": 1.0},
                macs=macs,
                parameters=parameters,
                ram_bytes=ram,
                flash_bytes=flash,
                status=status,
                balanced_accuracy=accuracy,
                epochs=epochs,
                reason=reason,
            )
        )
    return tuple(rows)


def evaluation(model: str, split: str, seed: int, shift: float) -> Evaluation:
    """Invented probabilities, but a confusion matrix, a ROC curve and an AUC that belong together."""
    rng = np.random.default_rng(seed)
    negative = 1 / (1 + np.exp(-rng.normal(-1.3 - shift, 1.15, 520)))
    positive = 1 / (1 + np.exp(-rng.normal(1.5 + shift, 1.25, 480)))
    threshold = 0.53
    false_positive, true_positive = int((negative >= threshold).sum()), int((positive >= threshold).sum())
    cuts = np.unique(np.concatenate([negative, positive]))[::-1]
    roc = [RocPoint(false_positive_rate=0.0, true_positive_rate=0.0)]
    roc += [
        RocPoint(
            false_positive_rate=float((negative >= cut).mean()),
            true_positive_rate=float((positive >= cut).mean()),
        )
        for cut in cuts[::4]
    ]
    roc.append(RocPoint(false_positive_rate=1.0, true_positive_rate=1.0))
    auc = float((positive[:, None] > negative).mean())
    recall, specificity = true_positive / 480, 1 - false_positive / 520
    right = true_positive + 520 - false_positive

    def estimate(value: float, half: float) -> Estimate:
        return Estimate(value=value, low=max(0.0, value - half), high=min(1.0, value + half * 0.9))

    return Evaluation(
        model=model,
        split=split,
        counts={LABELS[0]: 520, LABELS[1]: 480},
        threshold=threshold,
        accuracy=estimate(right / 1000, 0.019),
        balanced_accuracy=estimate((recall + specificity) / 2, 0.0195),
        auc=estimate(auc, 0.011),
        confusion=Confusion(
            true_negative=520 - false_positive,
            false_positive=false_positive,
            false_negative=480 - true_positive,
            true_positive=true_positive,
        ),
        roc=tuple(roc),
    )


def picture(index: int) -> np.ndarray:
    """A small invented photo: sky, ground and a darker figure."""
    rng = np.random.default_rng(index)
    rows, columns = np.mgrid[0:96, 0:96] / 96
    sky, ground, body = rng.integers(90, 230, 3), rng.integers(40, 160, 3), rng.integers(20, 200, 3)
    image = np.where((rows > rng.uniform(0.4, 0.7))[..., None], ground, sky).astype(float)
    image += 40 * (rows[..., None] - 0.5)
    x, y, r = rng.uniform(0.2, 0.8), rng.uniform(0.4, 0.7), rng.uniform(0.05, 0.16)
    figure = ((columns - x) / r) ** 2 + ((rows - y) / (2.6 * r)) ** 2 < 1
    head = (columns - x) ** 2 + (rows - y + 3.1 * r) ** 2 < (0.8 * r) ** 2
    image[figure | head] = body
    image += rng.normal(0, 9, image.shape)
    return image.clip(0, 255).astype(np.uint8)


def mistakes(count: int = 24) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(
            thumbnail=thumbnail_data_uri(picture(index)),
            path=f"photos/{'person' if index % 2 else 'not_person'}/IMG_{4100 + 37 * index}.jpg",
            label=LABELS[index % 2],
            probability=0.004 + 0.01 * index if index % 2 else 0.99 - 0.008 * index,
        )
        for index in range(count)
    )


def training() -> tuple[Epoch, ...]:
    rng = np.random.default_rng(3)
    epochs = []
    for number in range(1, 61):
        progress = 1 - math.exp(-number / 14)
        stage = "float" if number <= 52 else "int8"
        epochs.append(
            Epoch(
                epoch=number,
                stage=stage,
                loss=0.69 - 0.42 * progress + 0.006 * float(rng.standard_normal()),
                train_accuracy=0.5 + 0.43 * progress + 0.004 * float(rng.standard_normal()),
                val_balanced_accuracy=0.5 + 0.39 * progress + 0.008 * float(rng.standard_normal()),
            )
        )
    return tuple(epochs)


def budgets(ram: int, arena: int | None, flash: int) -> tuple[BudgetUse, ...]:
    return (
        BudgetUse(
            name="RAM, live tensors", used=ram, limit=RAM_LIMIT, provenance="computed", runtime="liveness"
        ),
        BudgetUse(
            name="RAM, tensor arena",
            used=arena,
            limit=RAM_LIMIT,
            provenance="not measured" if arena is None else "measured",
            runtime="tflm",
        ),
        BudgetUse(name="Flash, model file", used=flash, limit=FLASH_LIMIT, provenance="measured"),
        BudgetUse(
            name="Flash, total",
            used=flash + 96 * KIB,
            limit=FLASH_LIMIT,
            provenance="modelled",
            runtime="tflm",
            note="model file + 96 KiB for the runtime's code",
        ),
    )


def photo_data() -> DataSummary:
    return DataSummary(
        name="photos",
        kind="photos",
        labels=LABELS,
        splits=(
            SplitCount(split="train", counts={"not_person": 8312, "person": 7688}),
            SplitCount(split="val", counts={"not_person": 520, "person": 480}),
            SplitCount(split="test", counts={"not_person": 520, "person": 480}),
            SplitCount(split="unlabeled", counts={"unlabeled": 214}),
        ),
        refused=(
            RefusedImages(
                reason="truncated JPEG", count=3, examples=("train/IMG_0042.jpg", "train/IMG_0391.jpg")
            ),
            RefusedImages(reason="empty file", count=1, examples=("val/IMG_1.png",)),
        ),
        notes=(
            "person where a person box covers at least 0.5 % of the image",
            "splits given by the manifest",
        ),
    )


def scene_data() -> DataSummary:
    return DataSummary(
        name="scenes",
        kind="scenes",
        labels=LABELS,
        splits=tuple(
            SplitCount(split=split, counts={"not_person": n, "person": n})
            for split, n in (("train", 4000), ("val", 500), ("test", 500))
        ),
        notes=("seed 1, version 1, drawn at 96 pixels",),
    )


def design_report() -> ReportData:
    """A run on photos that fits the board."""
    network = chosen_network()
    assert network.memory is not None
    ram = max(step.total_bytes for step in network.memory.steps)
    arena, flash = 71_640, 251_896
    return ReportData(
        title="person on Arduino Nano 33 BLE Sense",
        created="2025-03-14",
        wakeling_version="0.1.0",
        command="wakeling design --data photos/ --board arduino-nano-33-ble-sense --out out/ --seed 1",
        seed=1,
        machine="2 cores, x86_64, 8 GiB RAM, Linux, no GPU",
        git_commit="5f36fd9c0ffee",
        verdict=Verdict(
            fits=True,
            sentence=(
                "mobilenet_v1 at width 0.25 and 96 × 96 RGB fits the Arduino Nano 33 BLE Sense with room to "
                "spare and finds a person with 88.9 % balanced accuracy on the test photos."
            ),
            board="arduino-nano-33-ble-sense",
            board_title="Arduino Nano 33 BLE Sense",
            budgets=budgets(ram, arena, flash),
        ),
        data=photo_data(),
        candidates=candidates(),
        network=network,
        training=training(),
        evaluations=(
            evaluation("float", "val", 1, 0.05),
            evaluation("int8", "val", 2, 0.04),
            evaluation("float", "test", 3, 0.0),
            evaluation("int8", "test", 4, -0.02),
        ),
        threshold=Threshold(
            value=0.53, split="val", method="the highest balanced accuracy of the int8 model"
        ),
        mistakes=mistakes(),
        verification=Verification(
            images=256,
            witnesses=(
                Witness(name="TensorFlow Lite Micro", status="agree", detail="every output bit for bit"),
                Witness(name="LiteRT, reference kernels", status="agree", detail="every output bit for bit"),
            ),
            arena_bytes=arena,
        ),
        files=(
            WrittenFile(path="model.tflite", size_bytes=flash, what="the int8 model"),
            WrittenFile(path="model.h", size_bytes=412, what="its C array, declared"),
            WrittenFile(path="model.c", size_bytes=1_580_114, what="its C array"),
            WrittenFile(path="report.json", size_bytes=214_003, what="what this page says, as JSON"),
        ),
        deployment=Deployment(
            operators=(
                "CONV_2D",
                "DEPTHWISE_CONV_2D",
                "AVERAGE_POOL_2D",
                "RESHAPE",
                "FULLY_CONNECTED",
                "SOFTMAX",
            ),
            arena_bytes=arena,
            arena_provenance="measured",
            header="model.h",
            symbol="model",
            input_shape=network.input_shape,
            labels=LABELS,
            threshold=0.53,
            extra=(
                TextBlock(
                    title="Look at the model again", text="wakeling evaluate out/model.tflite --data photos/"
                ),
            ),
        ),
        reproduction=(
            "git checkout 5f36fd9c0ffee && make setup",
            "wakeling design --data photos/ --board arduino-nano-33-ble-sense --out out/ --seed 1",
        ),
        provenance=(
            "MACs, parameters and live RAM are computed from the graph.",
            "The tensor arena is what TensorFlow Lite Micro reports on a 64-bit host.",
            "Intervals: Wilson for accuracy, 2000 stratified bootstrap samples for the rest.",
        ),
    )


def infeasible_report() -> ReportData:
    """A run on scenes where nothing fits, so nothing was trained."""
    network = chosen_network(0.5, 160)
    rows = tuple(
        Candidate(
            name=row.name,
            family=row.family,
            knobs=row.knobs,
            macs=row.macs,
            parameters=row.parameters,
            ram_bytes=row.ram_bytes + RAM_LIMIT,
            flash_bytes=row.flash_bytes,
            status="infeasible",
            reason=f"over by RAM {row.ram_bytes:,} bytes",
        )
        for row in candidates()
    )
    return ReportData(
        title="person on Tiny board",
        created="2025-03-14",
        wakeling_version="0.1.0",
        command="wakeling design --data scenes --board tiny.toml --out out/",
        seed=0,
        machine="2 cores, x86_64, Linux",
        verdict=Verdict(
            fits=False,
            sentence="Nothing fits the Tiny board; the closest, mobilenet_v1 0.5-160, lacks 59 KiB of RAM.",
            board="tiny",
            board_title="Tiny board",
            budgets=budgets(RAM_LIMIT + 59 * KIB, None, 840 * KIB),
        ),
        data=scene_data(),
        candidates=rows,
        network=network,
    )


def minimal_report() -> ReportData:
    """The barest report that makes sense."""
    return ReportData(
        title="bare",
        created="2025-03-14",
        wakeling_version="0.1.0",
        command="wakeling design",
        seed=0,
        machine="a computer",
        verdict=Verdict(fits=False, sentence="Nothing fits.", board="b", board_title="B", budgets=()),
        data=DataSummary(name="photos", kind="photos", labels=LABELS, splits=()),
    )
