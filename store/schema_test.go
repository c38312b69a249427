package store_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	neturl "net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/testkit"
)

// tables are all models that are rows.
var tables = []any{
	&models.Attachment{},
	&models.ChannelAssignee{},
	&models.ChannelConnection{},
	&models.ChannelPermission{},
	&models.Channel{},
	&models.Company{}, &models.ContactRecord{}, &models.CustomField{}, &models.Deal{}, &models.Pipeline{}, &models.PipelineStage{}, &models.RuleRecord{},
	&models.ContactBlock{},
	&models.ContactIdentity{},
	&models.Contact{},
	&models.ConversationRead{},
	&models.ConversationTag{},
	&models.ConversationNote{},
	&models.Notification{},
	&models.NotificationCount{},
	&models.Conversation{},
	&models.Edition{},
	&models.CreditAccount{},
	&models.CreditAllowanceUse{},
	&models.CreditEntry{},
	&models.CreditHold{},
	&models.CreditPosting{},
	&models.CreditPrice{},
	&models.CreditPurchase{},
	&models.CreditReconciliation{},
	&models.CreditSession{},
	&models.CreditSettings{},
	&models.CreditUsage{},
	&models.Event{},
	&models.FeedHead{},
	&models.IdempotencyRecord{},
	&models.InboxCounter{},
	&models.MediaHandle{},
	&models.MessageReaction{},
	&models.MessageRevision{},
	&models.Message{},
	&models.OrganizationRateCard{},
	&models.Organization{},
	&models.ParkedStatus{},
	&models.PaymentEvent{},
	&models.PaymentMethod{},
	&models.Profile{},
	&models.QuickReply{},
	&models.RateAllowance{},
	&models.RateCard{},
	&models.Rate{},
	&models.RefreshToken{},
	&models.ReleasedIdentity{},
	&models.Session{},
	&models.Tag{},
	&models.Template{}, &models.TemplateStep{},
	&models.User{},
	&models.WebhookDelivery{},
	&models.AssignmentEntry{}, &models.Workload{},
}

// onlyInMigrations are indexes that the models do not describe: those behind
// queries of many columns, and those over some of the rows, whose tags would bury
// the fields. They have to be exactly so, on both databases.
var onlyInMigrations = map[string][]index{
	"assignment_entries": { // a conversation's log
		{Name: "assignment_entries_conversation_idx", Columns: "organization_id, conversation_id, created_at, id"},
	},
	"attachments": { // the uploads that are under way, of a user and of an organization
		{Name: "attachments_uploads_idx", Columns: "organization_id, uploader_id", Where: "status = 'PENDING' AND source = 'UPLOAD'"},
	},
	"channel_connections": { // those that are to be cleaned up
		{Name: "channel_connections_expires_at_idx", Columns: "expires_at", Where: "ended_at IS NULL"},
	},
	"conversations": { // the inbox: everything, a state, a channel, an assignee
		{Name: "conversations_assignee_idx", Columns: "organization_id, assignee_id, status, last_message_at, id"},
		{Name: "conversations_business_idx", Columns: "organization_id, last_message_at, id", Where: "origin = 'BUSINESS'"},
		{Name: "conversations_snoozed_idx", Columns: "organization_id, last_message_at, id", Where: "snoozed_until IS NOT NULL"},
		{Name: "conversations_status_idx", Columns: "organization_id, status, last_message_at, id"},
		{Name: "conversations_contact_key", Unique: true, Columns: "organization_id, channel_id, contact_id", Where: "current"},
		{Name: "conversations_unread_idx", Columns: "organization_id, last_message_at, id", Where: "unread_count > 0"},
		{Name: "conversations_waiting_idx", Columns: "organization_id, waiting_since, id", Where: "waiting_since IS NOT NULL"},
		{Name: "conversations_window_idx", Columns: "organization_id, window_expires_at, id", Where: "status = 'OPEN' AND window_expires_at IS NOT NULL"},
		{Name: "conversations_superseded_idx", Columns: "organization_id, contact_id", Where: "NOT current"},
		{Name: "conversations_channel_idx", Columns: "organization_id, channel_id, status, last_message_at, id"},
		{Name: "conversations_outreach_idx", Columns: "organization_id, channel_id, last_outreach_at, contact_id", Where: "current AND last_outreach_at IS NOT NULL"},
		{Name: "conversations_queue_idx", Columns: "organization_id, queued_at, id", Where: "queued_at IS NOT NULL"},
		{Name: "conversations_recent_idx", Columns: "organization_id, last_message_at, id"},
	},
	"contact_records": { // the contacts of a company
		{Name: "contact_records_company_idx", Columns: "organization_id, company_id, contact_id", Where: "company_id IS NOT NULL"},
	},
	"pipelines": { // the default
		{Name: "pipelines_default_key", Unique: true, Columns: "organization_id", Where: "is_default"},
	},
	"deals": { // all of something, and the open ones
		{Name: "deals_recent_idx", Columns: "organization_id, created_at, id"},
		{Name: "deals_pipeline_idx", Columns: "organization_id, pipeline_id, created_at, id"},
		{Name: "deals_stage_idx", Columns: "organization_id, stage_id, created_at, id"},
		{Name: "deals_owner_idx", Columns: "organization_id, owner_id, created_at, id"},
		{Name: "deals_contact_idx", Columns: "organization_id, contact_id, created_at, id", Where: "contact_id IS NOT NULL"},
		{Name: "deals_company_idx", Columns: "organization_id, company_id, created_at, id", Where: "company_id IS NOT NULL"},
		{Name: "deals_conversation_idx", Columns: "organization_id, conversation_id, created_at, id", Where: "conversation_id IS NOT NULL"},
		{Name: "deals_open_idx", Columns: "organization_id, created_at, id", Where: "closed_at IS NULL"},
		{Name: "deals_open_pipeline_idx", Columns: "organization_id, pipeline_id, created_at, id", Where: "closed_at IS NULL"},
		{Name: "deals_open_owner_idx", Columns: "organization_id, owner_id, created_at, id", Where: "closed_at IS NULL"},
	},
	"messages": { // those that carry a file
		{Name: "messages_attachment_idx", Columns: "organization_id, attachment_id", Where: "attachment_id IS NOT NULL"},
	},
	"conversation_reads": { // the readers of a conversation that goes up in another one
		{Name: "conversation_reads_conversation_idx", Columns: "organization_id, conversation_id"},
	},
	"notifications": { // a user's unread ones
		{Name: "notifications_unread_idx", Columns: "organization_id, user_id, created_at, id", Where: "read_at IS NULL"},
	},
	"quick_replies": { // shared ones and a user's own by shortcut, and those with a file
		{Name: "quick_replies_shared_key", Unique: true, Columns: "organization_id, shortcut", Where: "owner_id IS NULL"},
		{Name: "quick_replies_personal_key", Unique: true, Columns: "organization_id, owner_id, shortcut", Where: "owner_id IS NOT NULL"},
		{Name: "quick_replies_attachment_idx", Columns: "organization_id, attachment_id", Where: "attachment_id IS NOT NULL"},
	},
	"credit_holds": { // the job that ends those whose time has passed
		{Name: "credit_holds_due_idx", Columns: "due_at", Where: "due_at IS NOT NULL"},
	},
	"credit_purchases": { // one automatic purchase under way
		{Name: "credit_purchases_recharge_key", Unique: true, Columns: "organization_id", Where: "next_attempt_at IS NOT NULL"},
	},
	"templates": { // those that exist by name, and by what Meta calls them
		{Name: "templates_name_key", Unique: true, Columns: "organization_id, waba_id, name, language", Where: "deleted_at IS NULL"},
		{Name: "templates_meta_id_key", Unique: true, Columns: "meta_id, organization_id", Where: "meta_id IS NOT NULL"},
	},
	"webhook_deliveries": { // the operator's list of what went wrong
		{Name: "webhook_deliveries_failed_idx", Columns: "received_at", Where: "outcome = 'FAILED'"},
	},
}

// TestSchema holds what the migrations build against what the models describe: a
// field without a migration, or the other way round, fails here.
func TestSchema(t *testing.T) {
	foreignKeys := make(map[store.Dialect][]string)
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		migrated := inspect(t, db.Read(t.Context()))
		described := inspect(t, fromModels(t, db))
		for name, indexes := range onlyInMigrations {
			for _, index := range indexes {
				described = append(described, index.line(name))
			}
		}
		require.NotEmpty(t, migrated)
		require.Empty(t, without(described, migrated), "described by the models, but no migration makes it")
		require.Empty(t, without(migrated, described), "made by a migration, but not described by the models")
		foreignKeys[db.Dialect()] = inspectForeignKeys(t, db.Read(t.Context()))
	})
	t.Run("has the same foreign keys on both databases", func(t *testing.T) {
		require.NotEmpty(t, foreignKeys[store.SQLite])
		require.Equal(t, foreignKeys[store.SQLite], foreignKeys[store.Postgres])
	})
	t.Run("is held for every model that is a row", func(t *testing.T) {
		var held []string
		for _, model := range tables {
			held = append(held, reflect.TypeOf(model).Elem().Name())
		}
		slices.Sort(held)
		require.Equal(t, rowsIn(t, filepath.Join("..", "models")), held)
	})
}

// fromModels builds the schema that the models describe, beside the migrated one.
func fromModels(t *testing.T, db *store.Store) *gorm.DB {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "models.db") + "?synchronous=off"
	if db.Dialect() == store.Postgres {
		_, err := db.WriterDB().ExecContext(t.Context(), "CREATE SCHEMA models")
		require.NoError(t, err)
		address, err := neturl.Parse(db.Pool().Config().ConnString())
		require.NoError(t, err)
		query := address.Query()
		query.Set("search_path", "models")
		address.RawQuery = query.Encode()
		url = address.String()
	}
	described := testkit.Open(t, url, nil)
	require.NoError(t, described.Write(t.Context(), func(tx *store.Tx) error {
		for _, model := range tables {
			// GORM takes columns for nullable unless told otherwise; here what cannot be
			// nil in Go cannot be NULL. The parsed model is kept and used by AutoMigrate.
			statement := &gorm.Statement{DB: tx.DB}
			if err := statement.Parse(model); err != nil {
				return err
			}
			for _, field := range statement.Schema.Fields {
				kind := field.FieldType.Kind()
				field.NotNull = field.NotNull || field.PrimaryKey || kind != reflect.Pointer && kind != reflect.Slice
			}
		}
		return tx.AutoMigrate(tables...)
	}))
	return described.Read(t.Context())
}

// rowsIn lists the structs of a package that have a primary key, sorted.
func rowsIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			declared, ok := node.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if row, ok := declared.Type.(*ast.StructType); ok && slices.ContainsFunc(row.Fields.List, func(field *ast.Field) bool {
				return field.Tag != nil && strings.Contains(field.Tag.Value, "primaryKey")
			}) {
				names = append(names, declared.Name.Name)
			}
			return false
		})
	}
	slices.Sort(names)
	return names
}

type column struct {
	Name, Type string
	Nullable   bool
}

type index struct {
	Name    string
	Unique  bool
	Columns string // in order
	Where   string
}

type foreignKey struct{ Columns, Target, OnDelete string }

func (c column) line(table string) string {
	return fmt.Sprintf("column %s.%s: %s, nullable: %t", table, c.Name, families[c.Type], c.Nullable)
}

func (i index) line(table string) string {
	return strings.TrimSuffix(fmt.Sprintf("index %s on %s (%s), unique: %t, where %s", i.Name, table, i.Columns, i.Unique, i.Where), ", where ")
}

func (k foreignKey) line(table string) string {
	return fmt.Sprintf("%s (%s) refers to %s, on delete: %s", table, k.Columns, k.Target, k.OnDelete)
}

func without(lines, known []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(known, line) })
}

// families are the names of types that serve the same in a database.
var families = map[string]string{
	"uuid": "uuid", "text": "text", "bigint": "integer", "boolean": "boolean", "timestamp with time zone": "time", "bytea": "bytes",
	"integer": "integer", "numeric": "boolean", "datetime": "time", "blob": "bytes",
}

// inspect lists what the tables of a schema are made of, one line each.
func inspect(t *testing.T, db *gorm.DB) (lines []string) {
	t.Helper()
	read := inspectSQLite
	if db.Name() == "postgres" {
		read = inspectPostgres
	}
	for _, table := range tableNames(t, db) {
		columns, primaryKey, indexes := read(t, db, table)
		for _, column := range columns {
			require.NotEmpty(t, families[column.Type], "%s.%s is of a type without a family: %s", table, column.Name, column.Type)
			lines = append(lines, column.line(table))
		}
		lines = append(lines, fmt.Sprintf("primary key of %s (%s)", table, primaryKey))
		for _, index := range indexes {
			lines = append(lines, index.line(table))
		}
	}
	return lines
}

// tableNames are those of our own tables.
func tableNames(t *testing.T, db *gorm.DB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if db.Name() == "postgres" {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	}
	return slices.DeleteFunc(rows[string](t, db, query), func(name string) bool {
		return name == "goose_db_version" || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "sqlite_") ||
			strings.HasPrefix(name, "search_") // no model's: each database has its own means of search, held by TestSearch
	})
}

func inspectSQLite(t *testing.T, db *gorm.DB, table string) (columns []column, primaryKey string, indexes []index) {
	t.Helper()
	columns = rows[column](t, db, "SELECT name, CASE lower(type) WHEN 'uuid' THEN 'text' ELSE lower(type) END AS type, "+
		"NOT `notnull` AS nullable FROM pragma_table_info(?)", table)
	key := rows[string](t, db, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table)
	condition := regexp.MustCompile(`(?is)\bWHERE\b\s*(.+)$`)
	for _, i := range rows[struct {
		Index index  `gorm:"embedded"`
		SQL   string `gorm:"column:sql"`
	}](t, db, "SELECT l.name, l.`unique`, m.sql FROM pragma_index_list(?) l JOIN sqlite_master m ON m.name = l.name WHERE l.origin = 'c'", table) {
		i.Index.Columns = strings.Join(rows[string](t, db, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", i.Index.Name), ", ")
		if match := condition.FindStringSubmatch(i.SQL); match != nil {
			i.Index.Where = match[1]
		}
		indexes = append(indexes, i.Index)
	}
	return columns, strings.Join(key, ", "), indexes
}

func inspectPostgres(t *testing.T, db *gorm.DB, table string) (columns []column, primaryKey string, indexes []index) {
	t.Helper()
	columns = rows[column](t, db, "SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable FROM information_schema.columns "+
		"WHERE table_schema = current_schema() AND table_name = ?", table)
	for _, i := range rows[struct {
		Index index `gorm:"embedded"`
		Main  bool
	}](t, db, "SELECT c.relname AS name, i.indisunique AS unique, i.indisprimary AS main, "+attributes("i.indkey", "i.indrelid")+" AS columns, "+
		`coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS "where" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid `+
		"WHERE i.indrelid = "+regclass, table) {
		if i.Main {
			primaryKey = i.Index.Columns
			continue
		}
		i.Index.Where = strings.NewReplacer("(", "", ")", "", "::text", "").Replace(i.Index.Where)
		indexes = append(indexes, i.Index)
	}
	return columns, primaryKey, indexes
}

// inspectForeignKeys lists the foreign keys of a schema, one line each, sorted.
func inspectForeignKeys(t *testing.T, db *gorm.DB) (lines []string) {
	t.Helper()
	query := `SELECT group_concat("from", ', ') AS columns, "table" || ' (' || group_concat("to", ', ') || ')' AS target, on_delete ` +
		`FROM (SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq) GROUP BY id, "table", on_delete`
	if db.Name() == "postgres" {
		query = "SELECT " + attributes("conkey", "conrelid") + " AS columns, " +
			"(SELECT relname FROM pg_class WHERE oid = confrelid) || ' (' || " + attributes("confkey", "confrelid") + " || ')' AS target, " +
			"CASE confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' ELSE confdeltype::text END AS on_delete " +
			"FROM pg_constraint WHERE contype = 'f' AND conrelid = " + regclass
	}
	for _, table := range tableNames(t, db) {
		for _, key := range rows[foreignKey](t, db, query, table) {
			lines = append(lines, key.line(table))
		}
	}
	slices.Sort(lines)
	return lines
}

const regclass = "(quote_ident(current_schema()) || '.' || quote_ident(?))::regclass"

// attributes is an expression for the names of a table's attributes with the given
// numbers, in that order.
func attributes(numbers, table string) string {
	return "(SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(" + numbers + ") WITH ORDINALITY k (number, place) " +
		"JOIN pg_attribute a ON a.attrelid = " + table + " AND a.attnum = k.number)"
}

func rows[T any](t *testing.T, db *gorm.DB, query string, args ...any) (found []T) {
	t.Helper()
	require.NoError(t, db.Raw(query, args...).Scan(&found).Error)
	return found
}
