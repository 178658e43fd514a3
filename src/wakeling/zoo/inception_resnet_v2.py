"""Inception-ResNet v2: Szegedy et al. 2017, arXiv:1602.07261, as Keras has it.

Keras's batch norms here have no factor gamma (`scale=False`); the graph's are fixed at 1.
"""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import AveragePool2D, Mul, PointwiseKind, Softmax
from wakeling.zoo.inception_layers import Steps, chain, inception_conv
from wakeling.zoo.layers import add, concat, conv, dense, max_pool, mean

BLOCK35: tuple[Steps, ...] = (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3)))
BLOCK17: tuple[Steps, ...] = (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))
BLOCK8: tuple[Steps, ...] = (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))
"""Branches of the residual blocks on 35×35, 17×17 and 8×8 pixels."""


def inception_resnet_v2(*, deployed: bool = False) -> Graph:
    """Inception-ResNet v2 on a 299×299×3 image; probabilities of 1000 classes."""
    builder = GraphBuilder("inception-resnet-v2", (299, 299, 3), deployed=deployed)
    x = _stem(builder)
    for index in range(1, 11):
        x = _residual(builder, x, BLOCK35, f"block35_{index}")
    x = _reduction(builder, x, (((384, 3),), ((256, 1), (256, 3), (384, 3))), "mixed6a")
    for index in range(1, 21):
        x = _residual(builder, x, BLOCK17, f"block17_{index}")
    steps: tuple[Steps, ...] = (((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3)))
    x = _reduction(builder, x, steps, "mixed7a")
    for index in range(1, 11):
        x = _residual(builder, x, BLOCK8, f"block8_{index}", activation="relu" if index < 10 else "linear")
    x = inception_conv(builder, x, 1536, 1, "conv7")
    x = dense(builder, mean(builder, x, name="pool"), 1000, name="fc")
    return builder.build(builder.append(Softmax(), x, name="softmax"))


def _stem(builder: GraphBuilder) -> str:
    x = inception_conv(builder, INPUT, 32, 3, "conv1", stride=2)
    x = inception_conv(builder, x, 32, 3, "conv2", margin=0)
    x = inception_conv(builder, x, 64, 3, "conv3")
    x = max_pool(builder, x, 3, stride=2, name="pool3")
    x = inception_conv(builder, x, 80, 1, "conv4")
    x = inception_conv(builder, x, 192, 3, "conv5", margin=0)
    x = max_pool(builder, x, 3, stride=2, name="pool5")
    one = inception_conv(builder, x, 96, 1, "mixed5b_one")
    five = chain(builder, x, ((48, 1), (64, 5)), "mixed5b_five")
    double = chain(builder, x, ((64, 1), (96, 3), (96, 3)), "mixed5b_double")
    pooled = builder.append(AveragePool2D(pool=(3, 3), padding="same"), x, name="mixed5b_pool")
    pooled = inception_conv(builder, pooled, 64, 1, "mixed5b_pooled")
    return concat(builder, one, five, double, pooled, name="mixed5b")


def _reduction(builder: GraphBuilder, x: str, branches: tuple[Steps, ...], name: str) -> str:
    """Strided branches beside a max pooling."""
    made = [
        chain(builder, x, steps, f"{name}_branch{index}", last_stride=2)
        for index, steps in enumerate(branches)
    ]
    return concat(builder, *made, max_pool(builder, x, 3, stride=2, name=f"{name}_pool"), name=name)


def _residual(
    builder: GraphBuilder,
    x: str,
    branches: tuple[Steps, ...],
    name: str,
    *,
    activation: PointwiseKind = "relu",
) -> str:
    """Input plus a scaled mixture of branches (section 3.3 of the paper)."""
    made = [chain(builder, x, steps, f"{name}_branch{index}") for index, steps in enumerate(branches)]
    mixed = concat(builder, *made, name=f"{name}_mixed")
    up = conv(builder, mixed, builder.shape(x)[2], 1, name=f"{name}_up")
    up = builder.append(Mul(constant=(1,)), up, name=f"{name}_scale")
    return add(builder, x, up, activation=activation, name=f"{name}_add")
