/// The style sheet of the page. It names no font that a browser would have to fetch.
enum PageStyle {
  static let text = """
    :root{color-scheme:light dark;\(Palette.light.properties)}
    @media (prefers-color-scheme:dark){:root{\(Palette.dark.properties)}}
    @media print{:root{color-scheme:light;\(Palette.light.properties)}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",\
    Roboto,"Liberation Sans","DejaVu Sans",sans-serif}
    code,.keys{font-family:ui-monospace,"SF Mono",Menlo,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.86em;\
    overflow-wrap:anywhere}
    a{color:var(--accent)}
    :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
    .skip{position:absolute;left:-99em;top:0;padding:.6em 1em;background:var(--accent);color:var(--on-accent)}
    .skip:focus{left:0;z-index:9}
    .wide{max-width:76rem;margin:0 auto;padding:0 1.25rem}
    header{background:var(--panel);border-bottom:1px solid var(--line);padding:2rem 0 1.5rem}
    header p{margin:.3rem 0}
    h1{font-size:clamp(1.6rem,4vw,2.3rem);line-height:1.15;margin:0 0 .4rem;letter-spacing:-.01em}
    h2{font-size:1.4rem;line-height:1.25;margin:0 0 .6rem;letter-spacing:-.005em}
    h3{font-size:1.05rem;margin:0 0 .35rem}
    .muted{color:var(--muted)}
    .lead{font-size:1.06rem;max-width:52rem}
    section.wide{padding-top:2.6rem}
    section>p{max-width:52rem}
    footer{margin-top:3rem;border-top:1px solid var(--line);padding:1.2rem 0 2.5rem;color:var(--muted);font-size:.9rem}
    nav ul{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;margin:1rem 0 0;padding:0;font-size:.95rem}
    .verdict{display:flex;gap:.8rem;align-items:flex-start;border:1px solid var(--line);border-left:6px solid;\
    background:var(--ground);border-radius:6px;padding:.8rem 1rem;margin:1.1rem 0 0;max-width:60rem}
    .verdict svg{flex:none;width:1.6rem;height:1.6rem;margin-top:.1rem}
    .verdict p{margin:0}
    .verdict.good,.good{color:var(--good)}
    .verdict.caution,.caution{color:var(--caution)}
    .verdict.bad,.bad{color:var(--bad)}
    .verdict p+p,.verdict .more{color:var(--ink)}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1.3rem 0 0;padding:0}
    .facts div{border-top:2px solid var(--line);padding:.5rem 0 0}
    .facts dt{color:var(--muted);font-size:.88rem;line-height:1.35}
    .facts dd{margin:0;font-size:1.55rem;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
    .scroll{overflow-x:auto;margin:.8rem 0;border:1px solid var(--line);border-radius:6px}
    table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.4}
    caption{text-align:left;padding:.6rem .75rem;color:var(--muted);font-size:.9rem}
    th,td{text-align:left;vertical-align:top;padding:.4rem .75rem;border-top:1px solid var(--line)}
    thead th{vertical-align:bottom;background:var(--panel);font-weight:600}
    tbody th{font-weight:500}
    tbody tr.family th{background:var(--panel);color:var(--muted);font-size:.82rem;font-weight:600;\
    text-transform:uppercase;letter-spacing:.04em}
    .matrix td,.matrix thead th+th{text-align:center;white-space:nowrap}
    .matrix tbody th{position:sticky;left:0;background:var(--ground);min-width:10.5rem}
    .mark{display:inline-block;min-width:1.55em;padding:0 .3em;margin:0 .08em;border:1.5px solid var(--accent);\
    color:var(--accent);border-radius:2px;font:600 .82rem/1.35 ui-monospace,"Liberation Mono","DejaVu Sans Mono",monospace}
    .mark.w{background:var(--accent);color:var(--on-accent)}
    .mark.part{border-radius:999px}
    .letter{font:600 .82rem/1.5 ui-monospace,"Liberation Mono","DejaVu Sans Mono",monospace;color:var(--muted)}
    .none{color:var(--muted)}
    .sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    .legend{display:flex;flex-wrap:wrap;gap:.35rem 1.3rem;list-style:none;padding:0;margin:.6rem 0;font-size:.92rem}
    .map{overflow:auto;border:1px solid var(--line);border-radius:6px;background:var(--panel);margin:.8rem 0}
    .map svg{display:block;min-width:46rem;width:100%;height:auto}
    \(drawings)
    .controls{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.6rem 0}
    .controls[hidden]{display:none}
    button,select{font:inherit;color:var(--ink);background:var(--ground);border:1px solid var(--muted);border-radius:6px;\
    padding:.3rem .75rem;min-height:2.4rem}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem;margin:1rem 0}
    .card{border:1px solid var(--line);border-radius:8px;padding:1rem;background:var(--ground)}
    .card.before{background:var(--panel);border-width:2px;border-color:var(--bad)}
    .card p{margin:.4rem 0;font-size:.93rem}
    .card svg{display:block;width:100%;height:auto;margin:.5rem 0}
    .card .count{font-weight:600}
    .card details{margin:.1rem 0;font-size:.93rem}
    .card summary{padding:.1rem 0}
    .card details p{margin:.1rem 0 .5rem;font-size:.9rem}
    details{margin:.5rem 0}
    summary{cursor:pointer;color:var(--accent);padding:.2rem 0}
    .names{font-size:.88rem;columns:16rem;margin:.4rem 0;padding:0 0 0 1.1rem;overflow-wrap:anywhere}
    ul.plain{padding-left:1.15rem;max-width:56rem}
    td ul.plain{margin:0}
    .sev{white-space:nowrap;font-weight:600}
    td.cure{min-width:14rem}
    @media (max-width:40rem){body{font-size:15px}th,td{padding:.4rem .5rem}header{padding:1.4rem 0 1.1rem}\
    section.wide{padding-top:1.9rem}}
    @media print{
    @page{margin:14mm}
    html{font-size:11.5px}
    body{font-size:9pt}
    nav,.skip,.controls{display:none!important}
    header{background:none;padding-top:0}
    .scroll,.map{overflow:visible;border:0}
    .map svg{min-width:0}
    section.wide{padding-top:1.2rem}
    h2,h3,caption{break-after:avoid}
    .card,tr,.verdict{break-inside:avoid}
    thead,h2+p,caption{break-after:avoid}
    .cards{display:block;orphans:1;widows:1}
    .card{display:inline-block;vertical-align:top;width:31.5%;margin:0 0 3mm;padding:.6rem .7rem}
    .card details p{display:none}
    .matrix{table-layout:fixed;width:100%;font-size:8.5pt}
    .matrix thead th:first-child{width:30%}
    .matrix thead th+th,.matrix td{white-space:normal;overflow-wrap:anywhere;padding:.2rem .15rem}
    .matrix tbody th{position:static;min-width:0}
    th,td{padding:.2rem .4rem}
    .scroll li{overflow-wrap:anywhere}
    .scroll[aria-labelledby^=findings-] th:last-child{min-width:34mm}
    .m-write,.s-write,.mark.w{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    a{color:inherit;text-decoration:none}
    }
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}

    """

  /// The classes of the drawings.
  private static let drawings = """
    svg text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;fill:var(--ink)}
    .m-family{font-size:15px;font-weight:600;fill:var(--muted)}
    .m-cell{fill:var(--ground);stroke:var(--line)}
    .m-closed{fill:var(--closed);stroke:var(--line)}
    .m-name{font-size:13px;font-weight:500}
    .m-count{font-size:11.5px;fill:var(--muted)}
    .m-write{fill:var(--accent);stroke:var(--accent);stroke-width:1.5}
    .m-read{fill:var(--ground);stroke:var(--accent);stroke-width:1.5}
    svg .m-on{font-size:12px;font-weight:600;fill:var(--on-accent);text-anchor:middle}
    svg .m-off{font-size:12px;font-weight:600;fill:var(--accent);text-anchor:middle}
    svg .m-none{font-size:12px;fill:var(--muted)}
    .dim{opacity:.13}
    .s-none{fill:none;stroke:var(--line);stroke-width:1}
    .s-read{fill:none;stroke:var(--accent);stroke-width:1.6}
    .s-write{fill:var(--accent);stroke:var(--accent);stroke-width:1.6}
    .s-family{font-size:11.5px;fill:var(--muted)}
    .sample{width:1.05em;height:1.05em;vertical-align:-.15em;margin-right:.15em}
    """

  /// For a drawing that is a file of its own.
  static let drawing = """
    svg{\(Palette.light.properties)}
    @media (prefers-color-scheme:dark){svg{\(Palette.dark.properties)}}
    .ground{fill:var(--ground)}
    .card{fill:var(--panel);stroke:var(--line)}
    .before{fill:var(--panel);stroke:var(--bad);stroke-width:2}
    .title{font-size:15px;font-weight:600}
    .small{font-size:12.5px}
    \(drawings)
    """
}
