package console

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordwords"
)

// list is an enum's values as people choose them, in the order in which a desk needs them.
type list = recordwords.List

// Lists that forms have to choose from.
var (
	categories    = recordwords.Enum("DisputeCategory")
	sources       = recordwords.Enum("DisputeSource")
	scales        = recordwords.Enum("DisputeScale")
	risks         = recordwords.Enum("CaseRisk")
	consents      = recordwords.Enum("PartyConsent")
	results       = recordwords.Enum("CaseResult")
	agreements    = recordwords.Enum("AgreementForm")
	confirmations = recordwords.Enum("JudicialConfirmation")
	satisfactions = recordwords.Enum("Satisfaction")
	clinics       = recordwords.Enum("Clinic")
	states        = recordwords.Enum("DisputeState")
	hazardStates  = recordwords.Enum("HazardState")
	hazardCodes   = recordwords.Enum("HazardCode")
	severities    = recordwords.Enum("Severity")
	disposals     = recordwords.Enum("Disposal")
)

// word gives the word of a value of a list.
func (l language) word(of list, value int32) string { return of.Of(value).In(string(l)) }

func (l language) category(c recordv1.DisputeCategory) string { return l.word(categories, int32(c)) }
func (l language) source(s recordv1.DisputeSource) string     { return l.word(sources, int32(s)) }
func (l language) risk(r recordv1.CaseRisk) string            { return l.word(risks, int32(r)) }

// relation says what somebody has to do with a case.
func (l language) relation(r string) string {
	switch r {
	case "first_receiver":
		return l.pick("首接", "first receiver")
	case "mediator":
		return l.pick("调解员", "mediator")
	}
	return l.pick("参与人", "takes part")
}
