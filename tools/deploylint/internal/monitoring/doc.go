// Package monitoring reads what Prometheus and Grafana are given: alert rules by Prometheus' own reader, with its parser for
// expressions and its templates; what it scrapes; a dashboard by the types that Grafana publishes, and its expressions by
// Prometheus' parser.
//
// It runs no query. Whether the server tells the metrics that are asked for is tested in cmd/onedoor, against a real server.
package monitoring
