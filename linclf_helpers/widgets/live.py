"""The one way live pictures reach the screen: what never moves is drawn once, what moves is drawn over it."""

import io
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from linclf_helpers.plots import CARD, CLASS_COLOURS, INK, MUTED, PALETTE, SIGNED, course_style

__all__ = ["LiveFigure", "Regions", "course_style"]


def _palette() -> Image.Image:
    """Return the colours of the course, with the shades in between that the edges of lines and letters have."""

    def shades(of: NDArray[Any], on: NDArray[Any], n: int) -> NDArray[Any]:
        return np.linspace(on, of, n + 1)

    card, ink, white = np.array(to_rgb(CARD)), np.array(to_rgb(INK)), np.ones(3)
    colours = [shades(ink, card, 16), shades(0 * white, white, 16), SIGNED(np.linspace(0, 1, 64))[:, :3]]
    colours += [shades(np.array(to_rgb(colour)), card, 8) for colour in (MUTED, *PALETTE.values(), *CLASS_COLOURS[:4])]
    colours += [shades(ink, tint_of(colour), 4) for colour in CLASS_COLOURS[:4]]
    table = np.unique(np.round(255 * np.concatenate(colours)).astype(np.uint8), axis=0)
    palette = Image.new("P", (1, 1))
    palette.putpalette(table.tobytes())
    return palette


def tint_of(colour: str) -> NDArray[np.floating[Any]]:
    """Return what the area of a class is painted in: the card with a quarter of the class's colour."""
    tint: NDArray[np.floating[Any]] = 0.75 * np.array(to_rgb(CARD)) + 0.25 * np.array(to_rgb(colour))
    return tint


_COURSE_COLOURS = _palette()


class LiveFigure:
    """A figure of which only the moving parts are drawn again, shown as one image of fixed size.

    Parameters
    ----------
    width, height : int
        In CSS pixels, the pixels of a page.
    ratio : float, default 2
        Pixels drawn for each CSS pixel and direction, so that screens of high resolution stay sharp.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        Fill it, mark what will move with `animated=True`, then call `freeze`.
    image : ipywidgets.Image

    Notes
    -----
    A full draw takes matplotlib 0.1 s, nearly all of it for ticks and text that never change. So they are drawn once
    and kept as pixels. No pyplot: the figure belongs to this object alone and goes away with it.
    """

    def __init__(self, width: int, height: int, ratio: float = 2.0) -> None:
        with course_style():
            self.figure = Figure(figsize=(width / 100, height / 100), dpi=100 * ratio)
        self._card = [round(255 * part) for part in to_rgb(CARD)]
        self._canvas: Any = FigureCanvasAgg(self.figure)  # matplotlib leaves it without types
        self._moving: list[Artist] = []
        self._background: Any = None
        self.image = ipywidgets.Image(
            format="png",
            layout=ipywidgets.Layout(
                width=f"{width}px",
                height=f"{height}px",
                min_height=f"{height}px",
                max_width="100%",
                object_fit="contain",
            ),
        )

    def freeze(self) -> None:
        """Draw all that does not move, and keep it. Layout, limits and ticks are settled from here on."""
        self._canvas.draw()
        self.figure.set_layout_engine("none")
        self._canvas.draw()  # once more: the layout has moved the axes
        self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        moving = self.figure.findobj(lambda artist: artist.get_animated())
        self._moving = sorted(moving, key=lambda artist: artist.get_zorder())
        for artist in self._moving:
            if isinstance(artist, Regions):
                artist.fit_to(self._pixels())

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as it is now, shape (rows, columns, 4); valid until the next call."""
        self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        for artist in self._moving:
            artist.draw(renderer)
        return self._pixels()

    def encode(self, pixels: NDArray[np.uint8]) -> bytes:
        """Return a picture as PNG with a palette, which is smaller and several times faster than true colours.

        The palette is always the same, all that the course draws in. To find one for each picture took Pillow 14 ms of
        a move's 80; to look colours up in a given one takes it 3.
        """
        rows, columns, _ = pixels.shape
        picture = Image.frombuffer("RGBA", (columns, rows), pixels, "raw", "RGBA", 0, 1).convert("RGB")
        picture = picture.quantize(palette=_COURSE_COLOURS, dither=Image.Dither.NONE)
        file = io.BytesIO()
        picture.save(file, "png", compress_level=1)
        return file.getvalue()

    def show(self, faded: bool = False) -> None:
        """Draw the moving parts and send the picture; `faded` says that it is no longer up to date."""
        pixels = self.pixels()
        if faded:
            pixels = (0.3 * pixels + 0.7 * np.array([*self._card, 255])).astype(np.uint8)
        self.image.value = self.encode(pixels)

    def _pixels(self) -> NDArray[np.uint8]:
        return np.asarray(self._canvas.buffer_rgba())


class Regions(Artist):
    """Areas of the plane in the tint of their class, with dark borders between them, painted with NumPy.

    Parameters
    ----------
    ax : Axes
        Filled from edge to edge, wherever its background was left blank: points and lines that do not move stay.
    colours : sequence of K colours

    Notes
    -----
    `imshow` would draw and resample the whole image at every move, and the points over it.
    """

    def __init__(self, ax: Axes, colours: ArrayLike) -> None:
        super().__init__()
        self.set_animated(True)
        self.set_zorder(-1)
        ax.add_artist(self)
        tints = [tint_of(str(colour)) for colour in np.asarray(colours)]
        rgb = np.round(255 * np.array([*tints, to_rgb(INK)])).astype(np.uint8)
        self._lookup = np.concatenate([rgb, np.full((len(rgb), 1), 255, np.uint8)], axis=1).view(np.uint32)[:, 0]
        self._classes: NDArray[Any] = np.zeros((2, 2), np.intp)

    def set_classes(self, classes: ArrayLike) -> None:
        """Set the class of every cell of a grid over the axes, row 0 at the bottom."""
        classes = np.array(classes)
        border = np.zeros(classes.shape, bool)
        border[:-1] |= classes[:-1] != classes[1:]
        border[:, :-1] |= classes[:, :-1] != classes[:, 1:]
        classes[border] = len(self._lookup) - 1
        self._classes = classes

    def fit_to(self, pixels: NDArray[np.uint8]) -> None:
        """Remember which pixels of the axes are blank."""
        assert self.axes is not None
        left, bottom, right, top = (round(edge) for edge in self.axes.bbox.extents)
        height = len(pixels)
        self._box = slice(height - top, height - bottom), slice(left, right)
        inside = pixels.view(np.uint32)[self._box][:, :, 0]
        blank = np.array([*(round(255 * part) for part in to_rgb(CARD)), 255], np.uint8).view(np.uint32)
        self._blank = inside == blank

    def draw(self, renderer: RendererBase) -> None:
        """Paint the blank pixels."""
        pixels = np.asarray(renderer.buffer_rgba()).view(np.uint32)[self._box][:, :, 0]  # type: ignore[attr-defined]
        rows, columns = ((np.arange(n) + 0.5) * m // n for n, m in zip(pixels.shape, self._classes.shape, strict=True))
        colours = self._lookup[self._classes[::-1]]
        enlarged = colours[rows.astype(int)][:, columns.astype(int)]
        np.copyto(pixels, enlarged, where=self._blank)
