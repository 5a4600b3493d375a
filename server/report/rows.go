package report

import (
	"fmt"
	"time"

	"onedoor/domain/metrics"
	"onedoor/domain/smallcells"
	"onedoor/syncengine"
)

// wholes are the parts by which a figure is told whole: all together, or each measure by itself.
func (p *pulling) wholes() []int {
	if p.figure.Split.Additive() {
		return []int{smallcells.All}
	}
	out := make([]int, p.figure.Split.Classes())
	for i := range out {
		out[i] = i
	}
	return out
}

// fill makes the rows and totals that the gate lets through.
func (p *pulling) fill(s *sums, g gate) {
	additive := p.figure.Split.Additive()
	p.out.Split = g.split && additive && p.figure.Split.Classes() > 0
	for i := range p.layout.places {
		if p.layout.places[i].row {
			p.out.Rows = append(p.out.Rows, p.rowsOf(i, s, g)...)
		}
	}
	for _, class := range p.wholes() {
		p.out.Totals = append(p.out.Totals, p.cell(0, class, s, g))
	}
	if !p.out.Split {
		return
	}
	for class := range s.classes {
		if n, d := p.layout.total(s, 0, class); n != 0 || d != 0 || g.hidden(0, class) {
			p.out.Totals = append(p.out.Totals, p.cell(0, class, s, g))
		}
	}
	for i := range p.layout.places {
		if p.layout.places[i].row && i != 0 {
			p.out.Totals = append(p.out.Totals, p.cell(i, smallcells.All, s, g))
		}
	}
}

// rowsOf gives the rows of one place: its parts, or all of it.
func (p *pulling) rowsOf(place int, s *sums, g gate) (out []Row) {
	if !p.out.Split {
		for _, class := range p.wholes() {
			out = append(out, p.cell(place, class, s, g))
		}
		return out
	}
	for class := range s.classes {
		if s.cells[place*s.classes+class] != (metrics.Sum{}) || g.hidden(place, class) {
			out = append(out, p.cell(place, class, s, g))
		}
	}
	if len(out) == 0 {
		out = append(out, p.cell(place, smallcells.All, s, g))
	}
	return out
}

func (p *pulling) cell(place, class int, s *sums, g gate) Row {
	n, d := p.layout.total(s, place, class)
	return p.row(place, class, metrics.Sum{Num: n, Den: d}, g.hidden(place, class), true)
}

// row makes a row; a hidden one holds no number at all.
func (p *pulling) row(place, class int, sum metrics.Sum, hidden, bounded bool) Row {
	at, split := &p.layout.places[place], p.figure.Split
	out := Row{Territory: at.code, Name: at.name, Class: split.Name(metrics.Class(class)), Suppressed: hidden}
	out.ClassZH, _ = split.Words(metrics.Class(class))
	if hidden {
		return out
	}
	out.Sum = &sum
	if v, ok := p.figure.Unit.Value(sum); ok {
		out.Value = &v
	}
	if !bounded || !p.bounded {
		return out
	}
	num, den := p.mostMoved()
	unsent := p.heard[place].unsent
	if low, high, ok := p.figure.Unit.Bounds(sum, unsent*num, unsent*den); ok {
		out.Low, out.High = &low, &high
	}
	return out
}

// mostMoved gives the most units by which one unsent change moves the figure, found out once where there are any.
func (p *pulling) mostMoved() (num, den int64) {
	if p.heard[0].unsent == 0 {
		return 0, 0
	}
	if p.moved == nil {
		m := mover{p: p.s.projection, f: p.figure, period: p.period, named: p.s.visitDoors}
		num, den := m.most()
		p.moved = &[2]int64{num, den}
	}
	return p.moved[0], p.moved[1]
}

// Statement is what every export says of itself: source, time and rules.
func (r *Report) Statement() []string {
	state := "暂定数：本期尚未冻结，之后到达的记录会计入。"
	if !r.Provisional {
		state = fmt.Sprintf("冻结数：%s冻结，校验值%x，之后到达的记录另列为补报。", timeText(r.FrozenAt), r.Hash[:min(8, len(r.Hash))])
	}
	return []string{
		fmt.Sprintf("来源：%s onedoor，日志第%d条（第%d纪元，%s提交）。", r.Realm, r.At.Seq, r.At.Epoch, timeText(r.At.Committed)),
		fmt.Sprintf("指标：%s（%s）。口径：%s。", r.Figure.ZH, r.Figure.Name, r.Figure.Formula),
		fmt.Sprintf("期间：%s至%s，东八区自然日，按发生时间计。", metrics.DayText(r.From), metrics.DayText(r.To)),
		fmt.Sprintf("终端：%d部中已收到%d部的数据，尚有%d条未上传；上下限按未上传数估计。", r.Of, r.Heard, r.Unsent),
		state,
		r.rulesStatement(),
		"规则：细于社区的1至4不显示，并隐去可推算的单元格；分母为0显示“—”；不作个人排名。",
	}
}

func (r *Report) rulesStatement() string {
	if r.Rules == 0 {
		return "时限、随访和走访周期按内置规则计算。"
	}
	return fmt.Sprintf("时限、随访和走访周期按规则版本%08x计算。", r.Rules)
}

// shanghai has kept UTC+8 without summer time since 1991.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func timeText(t syncengine.UnixMilli) string {
	return time.UnixMilli(int64(t)).In(shanghai).Format("2006-01-02 15:04")
}
