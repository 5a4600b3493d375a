package sim_test

import (
	"testing"

	"onedoor/internal/sim"
)

// stepsInActMost bounds the steps that the server's disk takes for one act of the operator.
const stepsInActMost = 200

func TestPowerLoss_AnActThatItCutOffAndThatStandsIsKnownToOperatorAndAuditor(t *testing.T) {
	for _, act := range sim.OperatorActs {
		t.Run(act.Name, func(t *testing.T) {
			t.Parallel()
			stood, lost := 0, 0
			for steps := range stepsInActMost {
				c, err := act.Interrupt(steps)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range c.Found {
					t.Errorf("power lost after %d steps, the act stands %v: %v", steps, c.Stands, v)
				}
				switch {
				case !c.Off:
					if stood == 0 || lost == 0 {
						t.Errorf("of acts that were cut off %d stood and %d did not: the test wants both", stood, lost)
					}
					return
				case c.Stands:
					stood++
				default:
					lost++
				}
			}
			t.Errorf("the act takes more than %d steps", stepsInActMost)
		})
	}
}
