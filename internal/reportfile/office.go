package reportfile

import "slices"

// Figures of the office's sheets, in the order of their columns: those of 矛盾纠纷排查情况表 and those of 网格工作通报.
var (
	InspectionFigures = []string{"found", "handled", "resolved"}
	BulletinFigures   = []string{"coverage", "due_done", "contact_made", "hazards_found", "rectified", "found", "resolved"}
)

// Beside lists the other figures of the office's sheets that a figure stands on, each once; none for a figure that stands on none.
// They are to be pulled together with it, so that all stand for one moment.
func Beside(figure string) (out []string) {
	for _, sheet := range [][]string{InspectionFigures, BulletinFigures} {
		if !slices.Contains(sheet, figure) {
			continue
		}
		for _, other := range sheet {
			if other != figure && !slices.Contains(out, other) {
				out = append(out, other)
			}
		}
	}
	return out
}

// Office gives the office's sheets on which all figures stand that were pulled with a figure and [Beside] it.
func Office(figure string, pulled Together) (out []Sheet) {
	if of := pulled.all(InspectionFigures); of != nil && slices.Contains(InspectionFigures, figure) {
		out = append(out, Inspection(of[0], of[1], of[2]), ByType(of[0]))
	}
	if of := pulled.all(BulletinFigures); of != nil && slices.Contains(BulletinFigures, figure) {
		out = append(out, Bulletin(of))
	}
	return out
}

// all gives the reports of some figures; nil where one of them was not pulled.
func (t Together) all(figures []string) (out []*Report) {
	for _, name := range figures {
		r := t.Find(name)
		if r == nil {
			return nil
		}
		out = append(out, r)
	}
	return out
}
