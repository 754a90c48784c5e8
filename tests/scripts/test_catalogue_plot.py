from PIL import Image

from recommendations.catalogue import STARTER
from scripts.catalogue_plot import DOT, MARGIN, SIDE, main

ROW = "{title},Somebody,1999,pop,en,false,false,{valence},{arousal},editorial"


def test_the_drawing_puts_pleasant_right_and_energetic_up_and_the_counts_are_printed(tmp_path, capsys):
    catalogue, drawing = tmp_path / "two.csv", tmp_path / "new" / "two.png"
    header = STARTER.read_text().splitlines()[0]
    rows = [ROW.format(title="A", valence=0.9, arousal=0.8), ROW.format(title="B", valence=0.1, arousal=0.2)]
    catalogue.write_text("\n".join([header, *rows, ""]))
    assert main(["--file", str(catalogue), "--output", str(drawing)]) == 0
    with Image.open(drawing) as image:
        teal = tuple(bytes.fromhex(DOT[1:]))
        assert image.getpixel((MARGIN + round(0.9 * SIDE), MARGIN + round(0.2 * SIDE))) == teal
        assert image.getpixel((MARGIN + round(0.1 * SIDE), MARGIN + round(0.8 * SIDE))) == teal
        assert image.getpixel((MARGIN + round(0.9 * SIDE), MARGIN + round(0.8 * SIDE))) != teal
    told = capsys.readouterr().out
    assert "2 tracks, 1 artists" in told
    assert "     0    0    0    1\n     0    0    0    0\n     0    0    0    0\n     1    0    0    0" in told


def test_a_file_that_is_no_catalogue_draws_nothing_and_says_why(tmp_path, capsys):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n")
    assert main(["--file", str(wrong), "--output", str(tmp_path / "x.png")]) == 1
    assert "line 1" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()
