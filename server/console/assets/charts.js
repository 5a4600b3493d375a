// Charts are drawn from the tables that stand beside them: one source, and who does not see a chart has the table.
"use strict";
(function charts() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  const ages = ["#8fbdd6", "#3f8fb8", "#0b5c87", "#7a3b2e"];
  const drawn = [];

  function readTable(table) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
    if (table.dataset.columns === "pairs") {
      // Two shares a territory: what is hidden has no number, here neither.
      const rows = [...table.tBodies[0].rows];
      const number = (text) => text === undefined || text === "" ? null : Number(text);
      return { names: rows.map((row) => row.cells[0].textContent.trim()), series: [{ name: heads[3], data: rows.map((row) => number(row.dataset.plot)) }, { name: heads[6], data: rows.map((row) => number(row.dataset.plot2 ?? row.getAttribute("data-plot-2"))) }], tones: [] };
    }
    if (table.dataset.columns === "plot") {
      const plotted = [...table.tBodies[0].rows].filter((row) => row.dataset.plot !== "");
      return { names: plotted.map((row) => [...row.querySelectorAll("th, td:not(.n)")].map((cell) => cell.textContent.trim()).filter(Boolean).join(" ")), series: [{ name: heads.at(-2), data: plotted.map((row) => Number(row.dataset.plot)) }], tones: [] };
    }
    const wanted = table.dataset.columns ? table.dataset.columns.split(" ").map(Number) : heads.map((_, i) => i).slice(1);
    return { names: rows.map((row) => row[0]), series: wanted.map((i) => ({ name: heads[i], data: rows.map((row) => Number(row[i].replace(/,/g, ""))) })), tones: (table.dataset.tones || "").split(" ").filter(Boolean) };
  }

  function draw(box) {
    const table = document.getElementById(box.dataset.chart);
    if (!table) return;
    const data = readTable(table);
    if (data.series.every((s) => s.data.every((n) => n === null))) return; // Nothing to draw: the table says so.
    const sideways = data.names.length > 6;
    // Upright, each name has the room of its bar and goes on in a second line.
    const room = () => (sideways ? 128 : Math.max(48, Math.floor((box.clientWidth - 72) / data.names.length) - 8));
    const category = { type: "category", data: data.names, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line-2") } }, axisLabel: { color: colour("ink-2"), fontSize: 13, interval: 0, width: room(), lineHeight: 16, overflow: sideways ? "truncate" : "break" }, inverse: sideways };
    const value = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: colour("line") } }, axisLabel: { color: colour("ink-2"), fontSize: 13, formatter: "{value}" + (table.dataset.unit || "") }, max: table.dataset.unit === "%" ? 100 : undefined };
    if (sideways) box.style.height = 90 + 28 * data.names.length + "px";
    const stacked = !table.dataset.columns;
    const chart = echarts.init(box, null, { renderer: "canvas" });
    const tones = { calm: "#5fa384", soon: "#d99a2b", late: "#b23a31" };
    chart.setOption({
      animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      color: data.tones.length ? data.tones.map((tone) => tones[tone]) : stacked ? ages : ["#0b5c87", "#c77d1e"],
      grid: { left: 8, right: 28, top: 40, bottom: 8, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: colour("ink"), fontSize: 13 } },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, renderMode: "richText" },
      xAxis: sideways ? value : category, yAxis: sideways ? category : value,
      series: data.series.map((s) => ({ type: "bar", name: s.name, data: s.data, stack: stacked ? "all" : undefined, barMaxWidth: 36 })),
    });
    drawn.push(() => {
      chart.resize();
      if (!sideways) chart.setOption({ xAxis: { axisLabel: { width: room() } } });
    });
  }

  if (!window.echarts) return;
  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
  window.addEventListener("resize", () => drawn.forEach((fit) => fit()));
  window.addEventListener("beforeprint", () => document.querySelectorAll(".chart-card details").forEach((d) => { d.open = true; }));
})();
