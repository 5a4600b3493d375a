package casework

import (
	"fmt"
	"slices"

	"onedoor/domain"
)

// Asked is what a step is asked with beside its reason.
type Asked struct {
	// At is when the step is taken.
	At domain.UnixMilli
	// Days is by how many days the deadline is to be extended.
	Days int
	// Until is when a pause is to end by itself.
	Until domain.UnixMilli
}

// Allows says what the policy and the timeline have against a step of a dispute; nothing when it may be taken.
func (m *Matter) Allows(step *Step, rules Rules, asked Asked) []domain.Complaint {
	var out []domain.Complaint
	switch {
	case slices.Contains(step.Needs, NeedPause) && !m.paused(asked.At):
		out = append(out, domain.Complaint{Field: "state", Rule: "dispute.no_pause", ZH: "计时没有中止，不用恢复。",
			EN: "the clock is not paused, so there is nothing to resume"})
	case step.Event == EventExtended:
		out = append(out, m.allowsExtension(rules, asked)...)
	case step.Event == EventPaused:
		out = append(out, m.allowsPause(rules, asked)...)
	}
	return out
}

func (m *Matter) allowsExtension(rules Rules, asked Asked) []domain.Complaint {
	row, ok := rules.Policy.Clinic(m.Clinic, m.AcceptedAt.ShanghaiDay())
	zh, en := m.Clinic.Words()
	switch {
	case !ok || row.Extensions == 0:
		return []domain.Complaint{{Field: "days", Rule: "dispute.no_extension",
			ZH: fmt.Sprintf("%s的期限不能延长。", zh), EN: fmt.Sprintf("the %s grants no extension", en)}}
	case asked.Days < 1 || asked.Days > row.ExtensionDays:
		return []domain.Complaint{{Field: "days", Rule: "dispute.extension_days",
			ZH: fmt.Sprintf("%s一次可延长1到%d日，现在填的是%d日。", zh, row.ExtensionDays, asked.Days),
			EN: fmt.Sprintf("the %s grants 1 to %d days at a time, not %d", en, row.ExtensionDays, asked.Days)}}
	case len(m.extensions()) >= row.Extensions:
		return []domain.Complaint{{Field: "days", Rule: "dispute.extensions_used",
			ZH: fmt.Sprintf("%s最多延长%d次，已经用完。", zh, row.Extensions),
			EN: fmt.Sprintf("the %s grants %d extensions and they are used", en, row.Extensions)}}
	}
	return nil
}

func (m *Matter) allowsPause(rules Rules, asked Asked) []domain.Complaint {
	row, ok := rules.Policy.Clinic(m.Clinic, max(m.AcceptedAt, m.RegisteredAt).ShanghaiDay())
	most := domain.Days(row.PauseDays)
	switch {
	case m.paused(asked.At):
		return []domain.Complaint{{Field: "state", Rule: "dispute.pause_runs", ZH: "计时已经中止。", EN: "the clock is paused already"}}
	case asked.Until <= asked.At:
		return []domain.Complaint{{Field: "until", Rule: "dispute.pause_limit", ZH: "中止的截止时间应晚于现在。",
			EN: "until must lie after now"}}
	case ok && asked.Until.DaysSince(asked.At) > most:
		return []domain.Complaint{{Field: "until", Rule: "dispute.pause_days",
			ZH: fmt.Sprintf("一次最多中止%d日，现在是%d日。", most, asked.Until.DaysSince(asked.At)),
			EN: fmt.Sprintf("a pause lasts %d days at most, not %d", most, asked.Until.DaysSince(asked.At))}}
	}
	return nil
}
