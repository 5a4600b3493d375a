package console

import "net/http"

func (c *Console) operatorRoutes(m *http.ServeMux) {
	c.page(m, "GET /health", (*visit).healthPage)
	c.page(m, "POST /devices/{id}/revoke", (*visit).revokeDevice)
	c.page(m, "GET /people", (*visit).peoplePage)
	c.page(m, "POST /people", (*visit).addPerson)
	c.page(m, "GET /people/{id}", (*visit).personPage)
	c.page(m, "POST /people/{id}", (*visit).actOnPerson)
	c.page(m, "GET /teams", (*visit).teamsPage)
	c.page(m, "POST /teams", (*visit).putTeam)
	c.page(m, "GET /handover", (*visit).handoverPage)
	c.page(m, "POST /handover", (*visit).handOver)
	c.page(m, "GET /imports", (*visit).importsPage)
	c.page(m, "POST /imports", (*visit).importFile)
	c.page(m, "GET /ledger", (*visit).ledgerPage)
	c.page(m, "GET /rules", (*visit).rulesPage)
	c.page(m, "POST /rules", (*visit).importRules)
	c.page(m, "GET /registers", (*visit).registersPage)
	c.page(m, "POST /registers", (*visit).fileEntry)
	c.page(m, "GET /retention", (*visit).retentionPage)
	c.page(m, "POST /retention", (*visit).actOnRetention)
	c.page(m, "GET /privacy", (*visit).privacyPage)
	c.page(m, "POST /privacy", (*visit).openRequest)
	c.page(m, "GET /privacy/{number}", (*visit).requestPage)
	c.page(m, "POST /privacy/{number}", (*visit).answerRequest)
}
