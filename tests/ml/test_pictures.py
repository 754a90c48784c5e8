import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from ml import pictures
from ml.errors import PictureError
from ml.pictures import MAX_PIXELS, open_picture, repaint, shrink

ORIENTATION, MAKE = 0x0112, 0x010F


def encoded(picture, file_format="PNG", **options):
    target = io.BytesIO()
    picture.save(target, file_format, **options)
    return target.getvalue()


def scene(width=96, height=64, mode="RGB"):
    """Return a picture whose four quarters differ, so that a wrong turn shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (200, 30, 30)
    pixels[: height // 2, width // 2 :] = (30, 200, 30)
    pixels[height // 2 :, : width // 2] = (30, 30, 200)
    pixels[height // 2 :, width // 2 :] = (220, 220, 220)
    return Image.fromarray(pixels).convert(mode)


def code_of(data, action=open_picture):
    with pytest.raises(PictureError) as caught:
        action(data)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_each_allowed_format_opens_as_plain_rgb(file_format):
    picture = open_picture(encoded(scene(), file_format))
    assert (picture.mode, picture.size) == ("RGB", (96, 64))
    assert picture.info == {}
    assert type(picture) is Image.Image


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_are_not_images_to_us(file_format):
    assert code_of(encoded(scene(), file_format)) == "not_an_image"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 5000])
def test_what_is_no_picture_is_refused(data):
    assert code_of(data) == "not_an_image"


def test_a_path_and_an_open_file_are_read_like_bytes(tmp_path):
    path = tmp_path / "photo.dat"
    path.write_bytes(encoded(scene()))
    with path.open("rb") as file:
        assert open_picture(file).tobytes() == open_picture(path).tobytes() == open_picture(path.read_bytes()).tobytes()


def test_a_missing_file_and_a_folder_are_told_apart_from_bad_pictures(tmp_path):
    assert code_of(tmp_path / "nothing.jpg") == "unreadable"
    assert code_of(tmp_path) == "unreadable"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_ends_upright(orientation):
    upright = scene()
    inverse = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    stored = upright if inverse is None else upright.transpose(inverse)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert open_picture(encoded(stored, exif=exif)).tobytes() == upright.tobytes()


def test_a_12_megapixel_phone_photo_is_turned_and_shrunk_without_its_metadata():
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(scene(4032, 3024), "JPEG", exif=exif, comment=b"somewhere")
    assert b"PhoneMaker" in data
    kept = repaint(data)
    assert open_picture(data).size == (3024, 4032)
    assert Image.open(io.BytesIO(kept)).size == (1200, 1600)
    assert not any(mark in kept for mark in (b"PhoneMaker", b"Exif", b"somewhere"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow remarks on broken metadata; the photo is whole
def test_a_broken_exif_block_does_not_cost_the_photo():
    data = encoded(scene(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff\xff\xff")
    assert open_picture(data).size == (96, 64)


def test_a_photo_with_a_hidden_second_picture_opens_as_the_photo():
    target = io.BytesIO()
    scene().save(target, "MPO", save_all=True, append_images=[scene(48, 48)])
    assert open_picture(target.getvalue()).size == (96, 64)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_colour_models_become_rgb(mode):
    file_format = "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG"
    picture = open_picture(encoded(scene(mode=mode), file_format))
    wanted = np.asarray(scene(mode=mode).convert("RGB"), int)
    assert np.abs(np.asarray(picture, int) - wanted).mean() < 12


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_is_laid_on_white(mode):
    clear = Image.new("RGBA", (64, 64), (10, 20, 30, 0))
    data = encoded(clear.convert(mode), "PNG" if mode != "PA" else "WEBP")
    assert open_picture(data).getpixel((5, 5)) == (255, 255, 255)


def test_a_transparent_colour_of_a_palette_is_laid_on_white():
    picture = Image.new("P", (64, 64), 1)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    assert open_picture(encoded(picture, transparency=1)).getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_tones():
    deep = Image.fromarray(np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64))
    values = np.asarray(open_picture(encoded(deep)))[..., 0]
    assert values[0, 0] == 0
    assert values[-1, -1] == 255
    assert abs(int(values[32, 0]) - 127) <= 1


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(file_format):
    frames = [scene().rotate(angle) for angle in (0, 90, 180)]
    data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100)
    assert code_of(data) == "animated"


def png_header(width, height):
    """Return a PNG that claims a size and holds nothing: a bomb's head without the bomb."""
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6325, 9_500, 14_000, 60_000])
def test_too_many_pixels_are_refused_before_any_is_decoded(side, monkeypatch):
    def decode(*_):
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    assert side**2 > MAX_PIXELS
    assert code_of(png_header(side, side)) == "too_many_pixels"


def test_as_many_pixels_as_allowed_are_decoded():
    assert open_picture(encoded(Image.new("L", (8000, 5000)))).size == (8000, 5000)


@pytest.mark.parametrize("size", [(47, 100), (100, 47), (1, 1)])
def test_a_picture_smaller_than_a_face_is_refused(size):
    assert code_of(encoded(Image.new("RGB", size))) == "too_small"


def test_a_strip_is_refused_and_the_longest_that_is_not_survives_repainting():
    assert code_of(encoded(Image.new("RGB", (48 * 16 + 1, 48)))) == "too_small"
    assert min(Image.open(io.BytesIO(repaint(encoded(Image.new("RGB", (3200, 200)))))).size) == 100


def test_repainting_below_a_readable_size_is_refused():
    assert code_of(encoded(scene(400, 100)), lambda data: repaint(data, max_side=100)) == "too_small"


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.floats(0.0, 0.9))
def test_a_file_that_is_cut_short_is_refused_wherever_it_is_cut(file_format, share):
    noise = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
    data = encoded(Image.fromarray(noise).filter(ImageFilter.BLUR), file_format)
    assert code_of(data[: int(len(data) * share)]) in {"truncated", "not_an_image"}


def test_a_cut_photo_is_called_truncated():
    data = encoded(scene(300, 300), "JPEG")
    assert code_of(data[: len(data) // 2]) == "truncated"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow remarks on broken metadata; the photo is whole
@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damaged_bytes_give_a_picture_or_a_picture_error_and_nothing_else(data):
    original = bytearray(encoded(scene(), data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        original[data.draw(st.integers(0, len(original) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome = open_picture(bytes(original)).mode
    except PictureError as error:
        outcome = error.code
    assert outcome in {"RGB", "not_an_image", "truncated", "too_many_pixels", "too_small", "animated"}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_never_a_picture(data):
    assert code_of(data) == "not_an_image"


def test_a_picture_that_is_also_a_zip_is_refused():
    target = io.BytesIO(encoded(scene(), "JPEG"))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("page.html", "<script>alert(1)</script>")
    assert zipfile.is_zipfile(io.BytesIO(target.getvalue()))
    assert code_of(target.getvalue()) == "not_an_image"


def test_a_picture_that_is_also_a_pdf_is_refused():
    assert code_of(encoded(scene(), "JPEG", comment=b"%PDF-1.7\n1 0 obj")) == "not_an_image"


def test_what_a_phone_appends_to_a_photo_is_dropped_by_repainting():
    data = encoded(scene(), "JPEG") + b"\0\0\0\x18ftypmp42" + b"motion" * 2000
    assert b"motion" not in repaint(data)


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(48, 400),
    height=st.integers(48, 400),
    mode=st.sampled_from(["RGB", "RGBA", "L", "P", "LA", "1", "CMYK"]),
    file_format=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    max_side=st.integers(768, 1600),
)
def test_whatever_opens_is_repainted_to_a_bare_jpeg_of_the_same_shape(width, height, mode, file_format, max_side):
    allowed = {"JPEG": {"RGB", "L", "CMYK", "1"}, "PNG": {"RGB", "RGBA", "L", "P", "LA", "1"}, "WEBP": {"RGB", "RGBA"}}
    picture = scene(width, height, mode if mode in allowed[file_format] else "RGB")
    kept = Image.open(io.BytesIO(repaint(encoded(picture, file_format), max_side)))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (width, height))
    assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 2000))
def test_shrinking_bounds_the_longer_side_and_keeps_the_shape(width, height, max_side):
    small = shrink(Image.new("L", (width, height)), max_side)
    if max(width, height) <= max_side:
        assert small.size == (width, height)
    else:
        assert max(small.size) == max_side
        for side, original in zip(small.size, (width, height), strict=True):
            exact = original * max_side / max(width, height)
            assert side == 1 or abs(side - exact) <= 0.5


def test_a_large_jpeg_is_decoded_small_and_yet_refused_by_its_true_size(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1_000_000)
    assert code_of(encoded(scene(1200, 1000), "JPEG"), repaint) == "too_many_pixels"
