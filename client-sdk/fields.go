package client

import (
	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/internal/schema"
)

// ruleFields gives a record as the rules of the field look at it.
func ruleFields(kind *schema.Kind, fields []byte) (domain.Fields, error) {
	m := kind.Type.New()
	if err := proto.Unmarshal(fields, m.Interface()); err != nil {
		return domain.Fields{}, err
	}
	return schema.RuleFields(m), nil
}
