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

// whole gives a place's row for all parts together, among rows and totals; nil where the report has none.
func (r *Report) whole(territory string) *reportv1.Row {
	for _, rows := range [][]*reportv1.Row{r.Rows, r.Totals} {
		for _, row := range rows {
			if row.GetTerritory() == territory && row.GetClass() == "all" {
				return row
			}
		}
	}
	return nil
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
	line := func(number any, name, code string) {
		f, h, d := found.whole(code), handled.whole(code), resolved.whole(code)
		s.Rows = append(s.Rows, []any{
			number, name, numeratorOf(f), numeratorOf(h), valueOf(handled, h), numeratorOf(d), valueOf(resolved, d),
		})
	}
	n := int64(0)
	for _, p := range found.places() {
		n++
		line(n, p.name, p.code)
	}
	if total := found.whole(found.Head.GetTerritory()); total != nil && len(found.places()) > 1 {
		line("", "合计", total.GetTerritory())
	}
	return s
}

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
	for _, p := range found.places() {
		line := []any{p.name, numeratorOf(found.whole(p.code))}
		for _, c := range classes {
			line = append(line, found.part(p, f.GetClasses()[c]))
		}
		s.Rows = append(s.Rows, line)
	}
	return s
}

// part gives a place's count of one type: nothing was counted where there is no row.
func (r *Report) part(p place, class string) any {
	for _, row := range r.Rows {
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
	for _, p := range first.places() {
		line := []any{p.name}
		for _, r := range reports {
			row := r.whole(p.code)
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
