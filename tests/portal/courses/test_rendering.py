"""Markdown comes out as safe HTML that the stylesheet knows how to draw."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from portal.courses import rendering
from portal.courses.rendering import Rendered


def render(text: str, figures: str = "", steps: Sequence[str] = ()) -> Rendered:
    return rendering.render(text, figures, steps, course="ml")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '![x" onerror="alert(1)](y)',
        "[x](javascript:alert(1))",
        "![x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<iframe src='//evil'></iframe>",
        '::: nota <b onclick="x">\nhola\n:::',
        '![a](figures/x.svg "<script>")',
        "```<script>\nx\n```",
        "$\\href{javascript:alert(1)}{x}$",
        "$\\text{<script>alert(1)</script>}$",
    ],
)
def test_nothing_in_it_can_run(hostile: str) -> None:
    html = render(hostile).html.lower()
    for forbidden in (
        "<script",
        "<iframe",
        "<b ",
        ' onerror="',
        'href="javascript:',
        'src="javascript:',
        'href="data:',
    ):
        assert forbidden not in html


def test_figures_boxes_tables_and_code_have_their_own_form() -> None:
    text = (
        '![Un esquema](figures/a.svg "Pie")\n\n::: cuidado Ojo aquí\nTexto\n:::\n\n'
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nprint('hola')\n```\n"
    )
    html = render(text, "/figuras/").html
    assert '<figure><div class="drawing"><img src="/figuras/a.svg" alt="Un esquema" loading="lazy"></div>' in html
    assert "<figcaption>Pie</figcaption></figure>" in html
    assert '<aside class="box box-cuidado"><p class="box-title">Ojo aquí</p>' in html
    assert '<th class="align-right">' in html
    assert '<code class="language-python"><span class="nb">print</span>' in html
    assert "style=" not in html


def test_headings_make_the_contents_list() -> None:
    rendered = render("# T\n\n## Leer `df`\n\ntexto\n\n### Más\n")
    assert [(entry.level, entry.title) for entry in rendered.toc] == [(2, "Leer df"), (3, "Más")]
    assert all(f'id="{entry.id}"' in rendered.html for entry in rendered.toc)
    first, second = (entry.id for entry in rendered.toc)
    assert rendered.contents == (
        f'<ol><li class="level-2"><a href="#{first}">Leer df</a></li>'
        f'<li class="level-3"><a href="#{second}">Más</a></li></ol>'
    )


def test_headings_are_text_in_the_contents_list_and_none_make_none() -> None:
    assert "&lt;b&gt; &amp; más" in render("## `<b>` & más\n").contents
    assert render("texto\n").contents == ""


def test_a_block_that_acts_says_so_and_keeps_its_text() -> None:
    html = render("```bash run\nls | wc\n```\n\n```sql open=a.sql\nSELECT 1\n```\n\n```python\nx\n```\n").html
    assert html.count('class="act"') == 2
    assert '<div class="act" data-act="run" data-file=""><pre class="code"' in html
    assert '<div class="act" data-act="open" data-file="a.sql">' in html


def test_an_unknown_directive_leaves_a_block_as_it_is() -> None:
    assert "data-act" not in render("```bash launch\nls\n```\n").html


def test_each_step_is_a_section_named_by_its_heading() -> None:
    text = "# Lab\n\n## Paso 1. Leer\n\nUno.\n\n### Más\n\nDos.\n\n## Paso 2. Unir\n\nTres.\n\n## Al final\n\nCuatro.\n"
    html = render(text, steps=("leer", "unir")).html
    assert html.count("<section") == html.count("</section>") == 2
    one, two = (html.index(f'data-step="{step}"') for step in ("leer", "unir"))
    assert one < html.index("Dos.") < html.index("</section>") < two < html.index("Tres.")
    assert html.rindex("</section>") < html.index("Cuatro.")
    assert 'aria-labelledby="paso-1-leer"' in html
    assert "<section" not in render(text).html


def test_links_lead_within_the_course() -> None:
    html = render("[a](pagina:dask#grafo) [b](lab:rdd) [c](glosario:data-lake) [d](https://example.org/)").html
    assert 'href="/curso/ml/dask/#grafo"' in html
    assert 'href="/lab/rdd/"' in html
    assert 'href="/glosario/ml/#data-lake" class="term" data-term="data-lake"' in html
    assert 'href="https://example.org/"' in html


def test_formulas_become_mathml_and_prices_stay_prices() -> None:
    html = render("Con $f = \\frac{1}{n}$ cuesta 5 $ o $7.\n\n$$\nS(n) = \\sum_{i=1}^{n} x_i\n$$\n").html
    assert '<math display="inline">' in html
    assert "<mfrac>" in html
    assert '<div class="formula"><math display="block">' in html
    assert "5 $ o $7." in html
    assert "style=" not in html


def test_a_chart_names_the_drawing_in_the_readers_language() -> None:
    html = render('![Dos curvas](figures/amdahl.chart "Ley de Amdahl")', "/figuras/").html
    assert '<div class="chart" data-chart="/figuras/amdahl-es.json" role="img" aria-label="Dos curvas"></div>' in html


def test_a_block_can_lead_to_a_lab() -> None:
    html = render("```python lab=rdd\nx\n```\n").html
    assert '<p class="try"><a href="/lab/rdd/"' in html


def test_the_empty_corner_of_a_table_heads_nothing() -> None:
    html = render("|  | a |\n|---|---|\n| b | 1 |\n").html
    assert html.count("<th>") == 1
    assert "<td></td>" in html
