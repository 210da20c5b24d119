//! The words of SQL dialects (MySQL, PostgreSQL, SQL Server, Oracle, SQLite) that matter to the reading.

use super::lexer::Kind;

/// The longest word of the table, in bytes.
const WORD_BYTES_MAX: usize = 28;

/// Sorted by word, for binary search.
static WORDS: &[(&str, Kind)] = &[
    ("all", Kind::Modifier),
    ("alter", Kind::Alter),
    ("analyse", Kind::Probe),
    ("and", Kind::Logic),
    ("any", Kind::Modifier),
    ("as", Kind::As),
    ("asc", Kind::Direction),
    ("ascii", Kind::Function),
    ("benchmark", Kind::Probe),
    ("between", Kind::CompareWord),
    ("binary", Kind::Modifier),
    ("by", Kind::By),
    ("call", Kind::Call),
    ("case", Kind::Case),
    ("cast", Kind::Function),
    ("char", Kind::Function),
    ("chr", Kind::Function),
    ("coalesce", Kind::Function),
    ("collate", Kind::Clause),
    ("concat", Kind::Function),
    ("concat_ws", Kind::Function),
    ("convert", Kind::Function),
    ("count", Kind::Function),
    ("create", Kind::Create),
    ("cross", Kind::Join),
    ("ctxsys.drithsx.sn", Kind::Probe),
    ("current_database", Kind::Metadata),
    ("current_user", Kind::Metadata),
    ("database", Kind::Object),
    ("db_name", Kind::Metadata),
    ("dbms_lock.sleep", Kind::Probe),
    ("dbms_pipe.receive_message", Kind::Probe),
    ("declare", Kind::Declare),
    ("delay", Kind::Delay),
    ("delete", Kind::Delete),
    ("desc", Kind::Direction),
    ("distinct", Kind::Modifier),
    ("distinctrow", Kind::Modifier),
    ("div", Kind::SignWord),
    ("drop", Kind::Drop),
    ("dumpfile", Kind::File),
    ("else", Kind::Else),
    ("elt", Kind::Function),
    ("end", Kind::End),
    ("escape", Kind::Clause),
    ("except", Kind::Union),
    ("exec", Kind::Exec),
    ("execute", Kind::Exec),
    ("exists", Kind::Modifier),
    ("extractvalue", Kind::Probe),
    ("false", Kind::Constant),
    ("fetch", Kind::Clause),
    ("floor", Kind::Function),
    ("for", Kind::For),
    ("from", Kind::From),
    ("full", Kind::Join),
    ("function", Kind::Object),
    ("generate_series", Kind::Function),
    ("glob", Kind::CompareWord),
    ("grant", Kind::Grant),
    ("group", Kind::Group),
    ("group_concat", Kind::Function),
    ("gtid_subset", Kind::Probe),
    ("having", Kind::Having),
    ("hex", Kind::Function),
    ("host_name", Kind::Metadata),
    ("if", Kind::Function),
    ("ifnull", Kind::Function),
    ("iif", Kind::Function),
    ("ilike", Kind::CompareWord),
    ("in", Kind::CompareWord),
    ("index", Kind::Object),
    ("inner", Kind::Join),
    ("insert", Kind::Insert),
    ("instr", Kind::Function),
    ("intersect", Kind::Union),
    ("into", Kind::Into),
    ("is", Kind::CompareWord),
    ("isnull", Kind::Function),
    ("join", Kind::Join),
    ("json_keys", Kind::Function),
    ("left", Kind::Join),
    ("length", Kind::Function),
    ("like", Kind::CompareWord),
    ("limit", Kind::Limit),
    ("lo_export", Kind::Probe),
    ("lo_import", Kind::Probe),
    ("load_extension", Kind::Probe),
    ("load_file", Kind::Probe),
    ("lower", Kind::Function),
    ("make_set", Kind::Function),
    ("md5", Kind::Function),
    ("merge", Kind::Merge),
    ("mid", Kind::Function),
    ("minus", Kind::Union),
    ("mod", Kind::SignWord),
    ("natural", Kind::Join),
    ("not", Kind::Not),
    ("null", Kind::Constant),
    ("nullif", Kind::Function),
    ("offset", Kind::Limit),
    ("on", Kind::Clause),
    ("openrowset", Kind::Probe),
    ("or", Kind::Logic),
    ("ord", Kind::Function),
    ("order", Kind::Order),
    ("outer", Kind::Join),
    ("outfile", Kind::File),
    ("pg_ls_dir", Kind::Probe),
    ("pg_read_file", Kind::Probe),
    ("pg_sleep", Kind::Probe),
    ("pg_sleep_for", Kind::Probe),
    ("pi", Kind::Function),
    ("procedure", Kind::Procedure),
    ("rand", Kind::Function),
    ("randomblob", Kind::Probe),
    ("regexp", Kind::CompareWord),
    ("regexp_like", Kind::Function),
    ("replace", Kind::Function),
    ("rlike", Kind::CompareWord),
    ("row", Kind::Function),
    ("schema", Kind::Object),
    ("select", Kind::Select),
    ("session_user", Kind::Metadata),
    ("set", Kind::Set),
    ("shutdown", Kind::Shutdown),
    ("similar", Kind::CompareWord),
    ("sleep", Kind::Probe),
    ("some", Kind::Modifier),
    ("sounds", Kind::CompareWord),
    ("sqlite_version", Kind::Metadata),
    ("strcmp", Kind::Function),
    ("substr", Kind::Function),
    ("substring", Kind::Function),
    ("sys_context", Kind::Probe),
    ("sys_eval", Kind::Probe),
    ("sys_exec", Kind::Probe),
    ("system_user", Kind::Metadata),
    ("table", Kind::Object),
    ("then", Kind::Then),
    ("top", Kind::Top),
    ("trigger", Kind::Object),
    ("true", Kind::Constant),
    ("truncate", Kind::Truncate),
    ("unhex", Kind::Function),
    ("union", Kind::Union),
    ("update", Kind::Update),
    ("updatexml", Kind::Probe),
    ("upper", Kind::Function),
    ("user", Kind::Object),
    ("using", Kind::Clause),
    ("utl_http.request", Kind::Probe),
    ("utl_inaddr.get_host_address", Kind::Probe),
    ("utl_inaddr.get_host_name", Kind::Probe),
    ("values", Kind::Values),
    ("version", Kind::Metadata),
    ("view", Kind::Object),
    ("waitfor", Kind::Waitfor),
    ("when", Kind::When),
    ("where", Kind::Where),
    ("xmltype", Kind::Function),
    ("xor", Kind::Logic),
    ("xp_cmdshell", Kind::Probe),
    ("xp_dirtree", Kind::Probe),
    ("xp_regread", Kind::Probe),
];

/// Tables and schemas that describe the database; the beginning of a name counts.
static CATALOGS: &[&str] = &[
    "all_tables",
    "all_tab_columns",
    "dba_",
    "information_schema.",
    "innodb_",
    "master..",
    "msysaccessobjects",
    "msysobjects",
    "mysql.",
    "performance_schema.",
    "pg_catalog.",
    "pg_class",
    "pg_database",
    "pg_shadow",
    "pg_stat",
    "pg_tables",
    "pg_user",
    "rdb$",
    "sqlite_master",
    "sqlite_schema",
    "sqlite_temp_master",
    "syscat.",
    "syscolumns",
    "sysdatabases",
    "sysibm.",
    "sysobjects",
    "sys.",
    "user_tables",
    "user_tab_columns",
    "v$version",
];

/// Returns what a bare word is to SQL.
pub(super) fn kind_of(word: &[u8]) -> Kind {
    let mut lower = [0; WORD_BYTES_MAX];
    let Some(lower) = lowercase(word, &mut lower) else {
        return Kind::Word;
    };
    match WORDS.binary_search_by(|(known, _)| known.as_bytes().cmp(lower)) {
        Ok(index) => WORDS.get(index).map_or(Kind::Word, |(_, kind)| *kind),
        Err(_) => Kind::Word,
    }
}

/// Tells whether a name belongs to a catalog of the database.
pub(super) fn is_catalog(name: &[u8]) -> bool {
    CATALOGS.iter().any(|known| {
        name.get(..known.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes()))
    })
}

fn lowercase<'b>(word: &[u8], buffer: &'b mut [u8; WORD_BYTES_MAX]) -> Option<&'b [u8]> {
    let lower = buffer.get_mut(..word.len())?;
    for (target, byte) in lower.iter_mut().zip(word) {
        *target = byte.to_ascii_lowercase();
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_words_fit() {
        assert!(WORDS.is_sorted_by(|left, right| left.0 < right.0));
        assert!(WORDS.iter().all(|(word, _)| word.len() <= WORD_BYTES_MAX));
        assert_eq!(kind_of(b"SeLeCt"), Kind::Select);
        assert_eq!(kind_of(b"selected"), Kind::Word);
    }
}
