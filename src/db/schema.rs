//! The tables, as both databases hold them.
diesel::table! {
    use diesel::sql_types::*;
    use crate::time::Ts;

    backups (kind) {
        kind -> Text,
        taken_at -> Ts,
    }
}

diesel::table! {
    part_versions (part) {
        part -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    journal (seq) {
        seq -> BigInt,
        at -> Ts,
        actor_kind -> Text,
        actor_id -> Nullable<Uid>,
        actor_name -> Text,
        action -> Text,
        resource_type -> Text,
        resource_id -> Uid,
        section_id -> Nullable<Uid>,
        version -> Integer,
        summary -> Doc,
        tags -> Doc,
        request_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        fingerprint -> Text,
        answer -> Doc,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{ids::Uid, time::Ts};

    journal_readers (name) {
        name -> Text,
        seq -> BigInt,
        held_by -> Nullable<Uid>,
        held_until -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    users (id) {
        id -> Uid,
        email -> Text,
        name -> Text,
        name_folded -> Text,
        name_skeleton -> Text,
        roles -> Doc,
        sections -> Doc,
        active -> Bool,
        password_hash -> Text,
        token_epoch -> Integer,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    sessions (id) {
        id -> Uid,
        user_id -> Uid,
        generation -> Integer,
        created_at -> Ts,
        expires_at -> Ts,
        exchanged_at -> Nullable<Ts>,
        device -> Nullable<Text>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{ids::Uid, time::Ts};

    second_factors (user_id) {
        user_id -> Uid,
        sealed -> Text,
        last_step -> BigInt,
        confirmed -> Bool,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::Uid;

    recovery_codes (user_id, digest) {
        user_id -> Uid,
        digest -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{ids::Uid, time::Ts};

    sign_in_throttle (key) {
        key -> Uid,
        free_at -> Ts,
        forgiven_at -> Ts,
        known_until -> Ts,
        expires_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    sections (id) {
        id -> Uid,
        parent_id -> Nullable<Uid>,
        slug -> Text,
        name -> Text,
        path -> Text,
        description -> Nullable<Text>,
        position -> Integer,
        hidden -> Bool,
        comments_mode -> Text,
        comments_close_after_days -> Nullable<Integer>,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    section_redirects (path) {
        path -> Text,
        section_id -> Uid,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    media_credits (id) {
        id -> Uid,
        label -> Nullable<Text>,
        credit_line -> Text,
        creator_name -> Nullable<Text>,
        creator_kind -> Nullable<Text>,
        source -> Nullable<Text>,
        copyright_notice -> Nullable<Text>,
        license_url -> Nullable<Text>,
        usage_terms -> Nullable<Text>,
        created_by -> Nullable<Uid>,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    media (id) {
        id -> Uid,
        credit_id -> Nullable<Uid>,
        kind -> Text,
        url -> Nullable<Text>,
        mime -> Nullable<Text>,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        alt -> Nullable<Text>,
        decorative -> Bool,
        caption -> Nullable<Text>,
        focal_point -> Nullable<Doc>,
        rights_expires_at -> Nullable<Ts>,
        created_by -> Nullable<Uid>,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    ad_slots (id) {
        id -> Uid,
        code -> Text,
        name -> Text,
        placement -> Text,
        label -> Doc,
        size_mapping -> Doc,
        provider -> Doc,
        targeting -> Doc,
        sections -> Doc,
        rule -> Nullable<Doc>,
        lazy -> Bool,
        starts_at -> Nullable<Ts>,
        ends_at -> Nullable<Ts>,
        active -> Bool,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    articles (id) {
        id -> Uid,
        slug -> Nullable<Text>,
        slug_chosen -> Bool,
        section_id -> Nullable<Uid>,
        language -> Text,
        genre -> Text,
        headline -> Text,
        status -> Text,
        document -> Doc,
        note -> Nullable<Text>,
        last_edition -> Integer,
        edited_since -> Bool,
        first_published_at -> Nullable<Ts>,
        published_at -> Nullable<Ts>,
        edited_version -> Integer,
        approved_version -> Nullable<Integer>,
        approved_by -> Nullable<Uid>,
        approved_at -> Nullable<Ts>,
        approved_independently -> Bool,
        created_by -> Nullable<Uid>,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::Uid;

    article_contributors (article_id, user_id) {
        article_id -> Uid,
        user_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    article_authors (article_id, user_id) {
        article_id -> Uid,
        user_id -> Uid,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    article_uses (article_id, kind, target_id) {
        article_id -> Uid,
        kind -> Text,
        target_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    related_links (id) {
        id -> Uid,
        article_id -> Uid,
        position -> Integer,
        kind -> Text,
        target_article_id -> Nullable<Uid>,
        url -> Nullable<Text>,
        title -> Nullable<Text>,
        rel -> Text,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    editions (id) {
        id -> Uid,
        article_id -> Uid,
        number -> Integer,
        kind -> Text,
        valid_from -> Ts,
        valid_until -> Ts,
        planned_until -> Ts,
        retired -> Bool,
        section_id -> Uid,
        slug -> Text,
        language -> Text,
        genre -> Text,
        headline -> Text,
        published_at -> Ts,
        first_published_at -> Ts,
        modified_at -> Ts,
        summary -> Doc,
        document -> Doc,
        notice -> Nullable<Text>,
        created_by -> Nullable<Uid>,
        created_at -> Ts,
        withdrawn_at -> Nullable<Ts>,
        withdrawn_by -> Nullable<Uid>,
        withdrawal_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    edition_keys (edition_id, facet) {
        edition_id -> Uid,
        facet -> Text,
        retired -> Bool,
        published_at -> Ts,
        article_id -> Uid,
        valid_from -> Ts,
        valid_until -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    edition_uses (article_id, number, kind, target_id) {
        article_id -> Uid,
        number -> Integer,
        kind -> Text,
        target_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    comment_threads (article_id) {
        article_id -> Uid,
        last_ordinal -> Integer,
        approved -> Integer,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    comments (id) {
        id -> Uid,
        article_id -> Uid,
        parent_id -> Nullable<Uid>,
        thread_id -> Nullable<Uid>,
        ordinal -> Integer,
        author_kind -> Text,
        nickname -> Text,
        user_id -> Nullable<Uid>,
        body -> Text,
        body_digest -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        replies -> Integer,
        shown -> Bool,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    comment_reports (id) {
        id -> Uid,
        comment_id -> Uid,
        kind -> Text,
        notice -> Doc,
        resolved -> Bool,
        created_at -> Ts,
        reporter -> Nullable<Text>,
    }
}

diesel::table! {
    tag_slugs (identity) {
        identity -> Text,
        slug -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{ids::Uid, time::Ts};

    comment_words (id) {
        id -> Uid,
        word -> Text,
        likeness -> Text,
        kind -> Text,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::{db::types::Doc, ids::Uid, time::Ts};

    comment_posts (id) {
        id -> Uid,
        party -> Text,
        article_id -> Uid,
        posted_at -> Ts,
    }
}

diesel::table! {
    imports (digest) {
        digest -> Text,
        file -> Text,
        rows -> BigInt,
        bytes -> BigInt,
    }
}

diesel::joinable!(media -> media_credits (credit_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(article_authors -> users (user_id));
diesel::joinable!(comments -> articles (article_id));
diesel::joinable!(comment_reports -> comments (comment_id));

diesel::allow_tables_to_appear_in_same_query!(
    journal,
    journal_readers,
    idempotency_keys,
    users,
    sessions,
    second_factors,
    recovery_codes,
    sign_in_throttle,
    sections,
    section_redirects,
    media_credits,
    media,
    ad_slots,
    articles,
    article_authors,
    article_contributors,
    article_uses,
    related_links,
    editions,
    edition_keys,
    edition_uses,
    comment_threads,
    comments,
    comment_reports,
    comment_words,
    comment_posts,
);
