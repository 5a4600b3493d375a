package reportfile

import (
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
)

// Plain is a report on a sheet of its own: rows, totals and late arrivals, with the statement below.
func Plain(r *Report) Sheet {
	f := r.Head.GetFigure()
	s := Sheet{Name: f.GetNameZh(), Title: r.title(), Heads: heads(f), Notes: r.Head.GetStatement()}
	for _, p := range r.parts() {
		for _, row := range p.rows {
			text := cells(p.name, f, row)
			s.Rows = append(s.Rows, []any{
				text[0], text[1], text[2], text[3], numeratorCell(row), denominatorCell(row), valueCell(f, row), text[7], text[8], text[9],
			})
		}
	}
	return s
}

// whole gives a place's row for all parts together, among rows and totals; nil where the report has none. What stands in a
// territory itself has its code and a name of its own.
func (r *Report) whole(p place) *reportv1.Row {
	for _, rows := range [][]*reportv1.Row{r.Rows, r.Totals} {
		for _, row := range rows {
			if row.GetTerritory() == p.code && row.GetName() == p.name && row.GetClass() == whole {
				return row
			}
		}
	}
	return nil
}

// whole is the name of all parts together.
const whole = "all"

// total is the place of the report's total: the territory that was asked for. ok is false where it is the one row.
func (r *Report) total() (p place, ok bool) {
	return place{r.Head.GetTerritory(), r.Head.GetTerritoryName()}, len(r.places()) > 1
}

// place is a line of an office's sheet.
type place struct{ code, name string }

// places lists the places of a report's rows once each, in their order.
func (r *Report) places() (out []place) {
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if key := row.GetTerritory() + row.GetName(); !seen[key] {
			seen[key] = true
			out = append(out, place{row.GetTerritory(), row.GetName()})
		}
	}
	return out
}

// Inspection is 矛盾纠纷排查情况表: what was found, handled and resolved by place, both rates over what was found.
func Inspection(found, handled, resolved *Report) Sheet {
	s := Sheet{
		Name: "矛盾纠纷排查情况表", Title: found.Head.GetTerritoryName() + "矛盾纠纷排查情况表（" + found.Head.GetFrom() + "至" + found.Head.GetTo() + "）",
		Heads: []string{"序号", "单位", "排查数", "调处数", "调处率", "调处成功数", "成功率"}, Notes: found.Head.GetStatement(),
	}
	line := func(number any, name string, p place) {
		f, h, d := found.whole(p), handled.whole(p), resolved.whole(p)
		s.Rows = append(s.Rows, []any{
			number, name, numeratorOf(f), numeratorOf(h), valueOf(handled, h), numeratorOf(d), valueOf(resolved, d),
		})
	}
	n := int64(0)
	for _, p := range found.places() {
		n++
		line(n, p.name, p)
	}
	if total, ok := found.total(); ok {
		line("", totalName, total)
	}
	return s
}

// totalName heads the line of the total.
const totalName = "合计"

func numeratorOf(r *reportv1.Row) any {
	if r == nil {
		return nil
	}
	return numeratorCell(r)
}

func valueOf(of *Report, r *reportv1.Row) any {
	if r == nil {
		return nil
	}
	return valueCell(of.Head.GetFigure(), r)
}

// ByType is the table of places by type of dispute (镇办×类型). It has types where the report is split by them, which it is
// for a frozen month.
func ByType(found *Report) Sheet {
	f := found.Head.GetFigure()
	s := Sheet{
		Name: "镇办×类型", Title: found.Head.GetTerritoryName() + "矛盾纠纷分类统计表（" + found.Head.GetFrom() + "至" + found.Head.GetTo() + "）",
		Heads: []string{"单位", "合计"}, Notes: found.Head.GetStatement(),
	}
	var classes []int
	if found.Head.GetSplit() {
		for i := range f.GetClasses() {
			classes = append(classes, (i+1)%len(f.GetClasses())) // What is not sorted stands last.
		}
	} else {
		s.Notes = append([]string{"分类数在当月冻结后提供。"}, s.Notes...)
	}
	for _, c := range classes {
		s.Heads = append(s.Heads, f.GetClassesZh()[c])
	}
	line := func(name string, p place, rows []*reportv1.Row) {
		cells := []any{name, numeratorOf(found.whole(p))}
		for _, c := range classes {
			cells = append(cells, partOf(rows, p, f.GetClasses()[c]))
		}
		s.Rows = append(s.Rows, cells)
	}
	for _, p := range found.places() {
		line(p.name, p, found.Rows)
	}
	if total, ok := found.total(); ok {
		line(totalName, total, found.Totals)
	}
	return s
}

// partOf gives a place's count of one type: nothing was counted where there is no row.
func partOf(rows []*reportv1.Row, p place, class string) any {
	for _, row := range rows {
		if row.GetTerritory() == p.code && row.GetName() == p.name && row.GetClass() == class {
			return numeratorCell(row)
		}
	}
	return int64(0)
}

// Bulletin is 网格工作通报: several figures by place, numerator over denominator and rate, places in the order of codes and
// never by a figure.
func Bulletin(reports []*Report) Sheet {
	first := reports[0]
	s := Sheet{
		Name: "网格工作通报", Title: first.Head.GetTerritoryName() + "网格工作通报（" + first.Head.GetFrom() + "至" + first.Head.GetTo() + "）",
		Heads: []string{"单位"}, Notes: first.Head.GetStatement(),
	}
	for _, r := range reports {
		f := r.Head.GetFigure()
		s.Heads = append(s.Heads, f.GetNumeratorZh())
		if f.GetDenominatorZh() != "" {
			s.Heads = append(s.Heads, f.GetDenominatorZh(), f.GetNameZh())
		}
	}
	places := first.places()
	total, ok := first.total()
	if ok {
		places = append(places, total)
	}
	for i, p := range places {
		line := []any{p.name}
		if ok && i == len(places)-1 {
			line[0] = totalName
		}
		for _, r := range reports {
			row := r.whole(p)
			line = append(line, numeratorOf(row))
			if r.Head.GetFigure().GetDenominatorZh() == "" {
				continue
			}
			var den any
			if row != nil {
				den = denominatorCell(row)
			}
			line = append(line, den, valueOf(r, row))
		}
		s.Rows = append(s.Rows, line)
	}
	return s
}
