"""The child process that runs interpreters: `python -m wakeling.verify.child FOLDER`.

It reads the jobs that `verify.process` wrote into the folder and leaves one answer a job: an .npz
with the outputs and tensors, or an .error with one line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.verify.jobs import Feed, Job

_ARENA_BYTES = 64 << 20
_RAW: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] = lambda pixels: pixels  # noqa: E731

_FEEDS: Mapping[Feed, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = MappingProxyType(
    {
        "raw": _RAW,
        "minus128": lambda pixels: pixels.astype(np.int16) - 128,
        "unit": lambda pixels: pixels.astype(np.float32) / np.float32(255),
        "signed_unit": lambda pixels: pixels.astype(np.float32) / np.float32(127.5) - np.float32(1),
    }
)


def feed(pixels: npt.NDArray[Any], how: Feed, dtype: npt.DTypeLike, scale: float, zero_point: int) -> Any:
    """The input tensor's values for pixels: fed as `how` says, quantized where it must be."""
    values = _FEEDS[how](pixels)
    target = np.dtype(dtype)
    if values.dtype.kind == "f" and target.kind in "iu":
        limits = np.iinfo(target)
        values = np.clip(np.round(values / scale) + zero_point, limits.min, limits.max)
    return values.astype(target)


def _run_tflm(job: Job) -> dict[str, npt.NDArray[Any]]:
    from tflite_micro import runtime

    def interpreter(config: Any) -> Any:
        arena_bytes = _ARENA_BYTES + 10 * len(job.content)
        return runtime.Interpreter.from_bytes(job.content, arena_size=arena_bytes, intrepreter_config=config)

    recording = interpreter(runtime.InterpreterConfig.kAllocationRecording)
    details = recording.get_input_details(0)
    outputs = []
    for image in job.images:
        recording.set_input(_input(job, image, details["dtype"], details["quantization_parameters"]), 0)
        recording.invoke()
        outputs.append(np.array(recording.get_output(0)[0]))
    if job.measure_arena:
        recording.print_allocations()
    answer = {"outputs": np.stack(outputs)} if outputs else {"outputs": np.zeros(0, np.int8)}
    if job.tensors and job.tensor_images:
        keeping = interpreter(runtime.InterpreterConfig.kPreserveAllTensors)
        seen: dict[int, list[npt.NDArray[Any]]] = {index: [] for index in job.tensors}
        for image in job.images[: job.tensor_images]:
            keeping.set_input(_input(job, image, details["dtype"], details["quantization_parameters"]), 0)
            keeping.invoke()
            for index, values in seen.items():
                tensor = keeping.GetTensor(index, 0)
                values.append(np.array(tensor["tensor_data"]).reshape(tensor["shape"])[0])
        answer |= {str(index): np.stack(values) for index, values in seen.items()}
    return answer


def _run_litert(job: Job) -> dict[str, npt.NDArray[Any]]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolvers = {
        "reference": OpResolverType.BUILTIN_REF,
        "optimized": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "xnnpack": OpResolverType.BUILTIN,
    }
    interpreter = Interpreter(
        model_content=job.content,
        experimental_op_resolver_type=resolvers[job.kernels],
        experimental_preserve_all_tensors=bool(job.tensors),
        num_threads=1,
    )
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    target = interpreter.get_output_details()[0]
    outputs = []
    seen: dict[int, list[npt.NDArray[Any]]] = {index: [] for index in job.tensors}
    for number, image in enumerate(job.images):
        values = _input(job, image, source["dtype"], source["quantization_parameters"])
        interpreter.set_tensor(source["index"], values)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0])
        if number < job.tensor_images:
            for index, kept in seen.items():
                kept.append(interpreter.get_tensor(index)[0])
    answer = {"outputs": np.stack(outputs)} if outputs else {"outputs": np.zeros(0, np.int8)}
    if job.tensor_images:
        answer |= {str(index): np.stack(kept) for index, kept in seen.items()}
    return answer


def _input(
    job: Job, image: npt.NDArray[Any], dtype: npt.DTypeLike, quantization: Mapping[str, Any]
) -> npt.NDArray[Any]:
    scales, zero_points = quantization["scales"], quantization["zero_points"]
    scale = float(scales[0]) if len(scales) else 1.0
    zero_point = int(zero_points[0]) if len(zero_points) else 0
    values: npt.NDArray[Any] = feed(image, job.feed, dtype, scale, zero_point)[np.newaxis]
    return values


_RUNTIMES: Mapping[str, Callable[[Job], dict[str, npt.NDArray[Any]]]] = MappingProxyType(
    {"tflm": _run_tflm, "litert": _run_litert}
)


def main(folder: Path) -> None:
    """Answer every job in the folder; a job that fails does not stop the next one."""
    request = json.loads((folder / "request.json").read_text())
    run = _RUNTIMES[request["runtime"]]
    for index in range(request["jobs"]):
        options = json.loads((folder / f"{index}.json").read_text())
        job = Job(
            content=(folder / f"{index}.tflite").read_bytes(),
            images=np.load(folder / f"{index}.npy", mmap_mode="r", allow_pickle=False),
            **{**options, "tensors": tuple(options["tensors"])},
        )
        try:
            answer = run(job)
        except Exception as problem:  # whatever the runtime raises is its answer
            (folder / f"{index}.error").write_text(str(problem) or type(problem).__name__)
            continue
        temporary = folder / f"{index}.part.npz"
        np.savez(temporary, **answer)  # type: ignore[arg-type]  # numpy's stub takes keywords for options
        temporary.rename(folder / f"{index}.npz")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
