package reportfile

import "slices"

// Figures of the office's sheets, in the order of their columns: those of 矛盾纠纷排查情况表 and those of 网格工作通报.
var (
	InspectionFigures = []string{"found", "handled", "resolved"}
	BulletinFigures   = []string{"coverage", "due_done", "contact_made", "hazards_found", "rectified", "found", "resolved"}
)

// Office gives the office's sheets that a report belongs on; none for a figure that stands on none. Their other figures come from
// pull, which is told as of which entry of the log they are to be counted, so that all stand for one moment; 0 for a frozen month.
func Office(r *Report, pull func(figure string, asOf uint64) (*Report, error)) (out []Sheet, err error) {
	name := r.Head.GetFigure().GetName()
	if slices.Contains(InspectionFigures, name) {
		of, err := r.beside(InspectionFigures, pull)
		if err != nil {
			return nil, err
		}
		out = append(out, Inspection(of[0], of[1], of[2]), ByType(of[0]))
	}
	if slices.Contains(BulletinFigures, name) {
		of, err := r.beside(BulletinFigures, pull)
		if err != nil {
			return nil, err
		}
		out = append(out, Bulletin(of))
	}
	return out, nil
}

// beside gives several figures at the same entry of the log as a report, itself among them.
func (r *Report) beside(names []string, pull func(string, uint64) (*Report, error)) (out []*Report, err error) {
	var asOf uint64
	if r.Head.GetProvisional() {
		asOf = r.Head.GetAsOf()
	}
	for _, name := range names {
		one := r
		if name != r.Head.GetFigure().GetName() {
			if one, err = pull(name, asOf); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}
