// Package crm keeps whom an organization deals with, and over what: contacts and what
// Meta calls them, companies, and deals on their way through pipelines.
//
// A contact is found by any of its identities on any channel of its
// organization, so a customer who writes to two numbers is one contact. When a
// message shows that two contacts are the same person (its sender carries an
// identity of each), they are merged; deals and what the team keeps of both go to the
// one that stays.
//
// Companies, deals, pipelines and custom fields are everybody's in the organization;
// administrators arrange pipelines and custom fields. A contact is for those who may see
// a channel on which the contact is known, also where a deal names them.
//
// Each organization has exactly one default pipeline, made when it is first needed.
// Changes of pipelines and stages of an organization happen one at a time. What refers to
// a row that somebody deletes at the same moment waits, and then finds it gone.
package crm
