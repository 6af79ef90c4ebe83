/* The binary interface between Busway and a plugin that is a shared library. C99, and C++17 where a C++ compiler reads it.
 *
 * A plugin exports one symbol, busway_plugin_entry. The host calls it once, hands it a busway_host and gets a busway_plugin: what
 * the plugin is called, and its components (formats and steps) with their keys. From that declaration the bus makes `busway
 * list`, `help`, `schema`, `check` and the reference pages, as it does for what is built in.
 *
 * The handshake. The first two words of busway_host and of busway_plugin are struct_size and abi_version, in every version there
 * will ever be. The plugin looks at the host's first (BUSWAY_HOST_FITS) and the host at the plugin's, before either reads on. The
 * major version changes when something here changes its meaning: both must be of the same. The minor one when something is added,
 * at the end of a struct or behind the last number of a list: a plugin states the least it needs, and a host of a smaller one
 * refuses it.
 *
 * Sizes. Every struct but busway_text, busway_node and busway_member_of_node begins with its size, which whoever fills it sets to
 * sizeof. What lies behind the size that a reader finds there is taken as zero, and zero always means "not given". Elements of an
 * array of such structs all have the size that the first one states. Fields called `reserved` are zero.
 *
 * Ownership. Nothing is freed across the border. What a plugin declares lives as long as the process (a library is loaded once
 * and never unloaded). What the host hands to a function (call structs, handles, texts, nodes) lives until that function returns,
 * unless it is said otherwise; texts that go to the host are copied before its function returns, unless it is said otherwise.
 *
 * Threads. An instance (see busway_component) is used by many threads at once and never changes; what it keeps beside that, it
 * locks itself. A handle is used by the thread it was handed to, and by no other; busway_pending is the exception, and says so.
 * Functions of a format and `run` of a step are called on the threads that serve the network: they must not wait for anything.
 *
 * Errors. Functions answer an int32_t; what it may be stands with each. A reason goes through busway_host.fail first. No
 * exception and no longjmp crosses the border: one that does ends the process. So does a crash: a library in the process is
 * trusted. What must not be is a plugin of its own process (docs/plugins.md).
 */
#ifndef BUSWAY_PLUGIN_H
#define BUSWAY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUSWAY_ABI_MAJOR 1u
#define BUSWAY_ABI_MINOR 0u
#define BUSWAY_ABI_VERSION ((BUSWAY_ABI_MAJOR << 16) | BUSWAY_ABI_MINOR)

#if defined(_WIN32)
#define BUSWAY_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define BUSWAY_EXPORT __attribute__((visibility("default")))
#else
#define BUSWAY_EXPORT
#endif

/* ---- values ---- */

/* Bytes that someone else owns, without a terminator; null data only with size 0. This struct never grows. */
typedef struct busway_text {
  const char* data;
  size_t size;
} busway_text;

/* A value of a document, to be handed around by value and looked at through busway_document_functions only. It belongs to the
 * call, the message or the pending step it came from. This struct never grows. */
typedef struct busway_node {
  uint64_t word[2];
} busway_node;

typedef struct busway_member_of_node {
  busway_text key;
  busway_node value;
} busway_member_of_node;

/* What kind of value a node is. */
enum {
  BUSWAY_NOTHING = 0, /* no value: a missing member, an empty body */
  BUSWAY_NULL = 1,
  BUSWAY_BOOLEAN = 2,
  BUSWAY_NUMBER = 3,
  BUSWAY_STRING = 4,
  BUSWAY_ARRAY = 5,
  BUSWAY_OBJECT = 6
};

/* ---- handles of the host ---- */

typedef struct busway_builder busway_builder; /* builds one document */
typedef struct busway_sink busway_sink;       /* takes the bytes of one body */
typedef struct busway_failure busway_failure; /* takes the reason why a call fails */
typedef struct busway_message busway_message; /* the message a step works on */
typedef struct busway_pending busway_pending; /* a step that completes later */
typedef struct busway_host busway_host;

/* ---- failing ---- */

/* What kind of failure it is. It decides what the caller is told and who tries again (docs/errors.md). */
enum {
  BUSWAY_FAIL_INTERNAL = 0, /* a mistake of the plugin's own: 500 */
  BUSWAY_FAIL_INVALID = 1,  /* the message breaks a rule: 422 */
  BUSWAY_FAIL_MAPPING = 2,  /* a value that is needed is not there, or is of the wrong kind: 500 */
  BUSWAY_FAIL_FORMAT = 3,   /* bytes that cannot be read, or a document that cannot be written */
  BUSWAY_FAIL_GARBAGE = 4,  /* someone the step asked gave an answer that makes no sense: 502 */
  BUSWAY_FAIL_NOT_SENT = 5, /* someone the step asks was not reached, and has done nothing: 503 */
  BUSWAY_FAIL_UNKNOWN = 6,  /* someone the step asked may have acted, nobody knows: 504 */
  BUSWAY_FAIL_ANSWERED = 7, /* someone the step asked said no: 502 */
  BUSWAY_FAIL_OVERLOAD = 8, /* a bound of the plugin's own is reached: 503 */
  BUSWAY_FAIL_DEADLINE = 9  /* there is no time left: 504 */
};

typedef struct busway_reason {
  uint32_t struct_size;
  uint32_t kind;
  busway_text text;  /* what was being done, gerund first: "checking the IBAN: the check digits are wrong" */
  busway_text code;  /* a code of the plugin's own, as $failure.code; may be empty */
  busway_text field; /* of `make`: the key whose value is wrong; may be empty */
} busway_reason;

/* ---- what a plugin declares ---- */

/* What a key takes, and in which part of busway_setting it comes. */
enum {
  BUSWAY_FIELD_BOOLEAN = 1,  /* number: 0 or 1 */
  BUSWAY_FIELD_INTEGER = 2,  /* number */
  BUSWAY_FIELD_DURATION = 3, /* number: milliseconds */
  BUSWAY_FIELD_SIZE = 4,     /* number: bytes */
  BUSWAY_FIELD_TEXT = 5,     /* text */
  BUSWAY_FIELD_SECRET = 6,   /* text; never printed by the bus, and not to be by the plugin */
  BUSWAY_FIELD_FILE = 7,     /* text: the content of a file of the bundle */
  BUSWAY_FIELD_CHOICE = 8,   /* number: which of `choices`, from 0; text: the word */
  BUSWAY_FIELD_TEXTS = 9     /* list: one text or several */
};

enum {
  BUSWAY_FIELD_REQUIRED = 1u, /* must be given; has no default */
  BUSWAY_FIELD_SHORTHAND = 2u /* a value in place of the mapping sets this key; at most one of a component */
};

/* A key of a component. Texts are UTF-8. */
typedef struct busway_field {
  uint32_t struct_size;
  uint32_t type;
  uint32_t flags;
  uint32_t choice_count;
  busway_text name;         /* a snake_case noun: letters, digits and '_', beginning with a letter, at most 64 */
  busway_text doc;          /* one line, a sentence with its full stop */
  busway_text default_text; /* as it would stand in a route file: "10s"; empty: 0, false, no text */
  busway_text at_least;     /* of integers, durations and sizes, likewise: "1ms"; empty: no bound */
  busway_text at_most;
  const busway_text* choices;
} busway_field;

/* A worked example, as YAML that stands behind `format:`, or as an item of a list of steps. */
typedef struct busway_example {
  uint32_t struct_size;
  uint32_t reserved;
  busway_text title;
  busway_text text;
} busway_example;

/* The value of a key for one use of a component. */
typedef struct busway_setting {
  uint32_t struct_size;
  uint32_t given; /* BUSWAY_LEFT_OUT: the default stands here */
  int64_t number;
  busway_text text;
  const busway_text* list;
  size_t list_count;
} busway_setting;

enum {
  BUSWAY_LEFT_OUT = 0,
  BUSWAY_GIVEN = 1,
  BUSWAY_NOT_KNOWN_YET = 2 /* holds ${env:...} or ${file:...}, which a check does not read: say nothing of its value */
};

/* Why an instance is made. */
enum {
  BUSWAY_FOR_CHECK = 0, /* `busway check`: only whether the settings make sense. No threads, no I/O: it is destroyed at once */
  BUSWAY_FOR_USE = 1    /* messages will come */
};

typedef struct busway_make {
  uint32_t struct_size;
  uint32_t purpose;
  const struct busway_component* component; /* of the plugin's own: what is to be made */
  const busway_setting* settings;           /* one a declared field, in the order of the declaration */
  size_t setting_count;
  busway_failure* failure;
} busway_make;

/* Kinds of components. A host refuses the kinds it does not know. */
enum {
  BUSWAY_KIND_FORMAT = 1, /* role is a busway_format */
  BUSWAY_KIND_STEP = 2,   /* role is a busway_step */
  BUSWAY_KIND_ADAPTER = 3 /* kept for a later minor version */
};

typedef struct busway_component {
  uint32_t struct_size;
  uint32_t kind;
  busway_text name;    /* as in route files; like a field's, and '-' may stand in it */
  busway_text summary; /* one sentence */
  busway_text doc;     /* a paragraph or two of Markdown; may be empty */
  const busway_field* fields;
  size_t field_count;
  const busway_example* examples;
  size_t example_count;
  /* Makes an instance for one use in a route file: 0 and *instance set, or anything else after host.fail. *instance may stay null
   * when there is nothing to keep; destroy is not called for it then. The settings live until it returns. Called while a bundle
   * is loaded, one at a time. A format is also made without any settings, when it has no required keys: for messages whose
   * content type names it. */
  int32_t (*make)(const busway_make* call, void** instance);
  /* The last call an instance gets, when nothing of it runs any more; it ends its threads. May be null. */
  void (*destroy)(void* instance);
  const void* role; /* by kind */
  void* user;       /* the plugin's; the host leaves it alone */
} busway_component;

typedef struct busway_plugin {
  uint32_t struct_size;
  uint32_t abi_version; /* the least the plugin needs: BUSWAY_ABI_VERSION of the header it was built with will do */
  busway_text name;     /* of the plugin as a whole, for people */
  busway_text version;  /* "1.4.2"; may be empty */
  const busway_component* const* components;
  size_t component_count;
} busway_plugin;

/* ---- formats ---- */

typedef struct busway_read {
  uint32_t struct_size;
  uint32_t reserved;
  busway_text bytes;       /* never empty: an empty body is no document, and no format is asked. They outlive the document */
  busway_builder* builder; /* for the document */
  busway_failure* failure;
} busway_read;

typedef struct busway_write {
  uint32_t struct_size;
  uint32_t reserved;
  busway_node document;
  busway_sink* sink; /* for the bytes */
  busway_failure* failure;
} busway_write;

typedef struct busway_format {
  uint32_t struct_size;
  uint32_t flags;           /* none yet */
  busway_text content_type; /* what a body that it writes is labelled with; may be empty */
  const busway_text* content_types;
  size_t content_type_count; /* "text/x-tlv": what it reads when a message names it; nobody else may claim the same */
  /* Reads one body into one document: 0, or anything else after host.fail. The bytes come from outside: trust none of them. */
  int32_t (*read)(void* instance, const busway_read* call);
  /* Writes a document: 0, or anything else after host.fail. What the format cannot hold is a failure that names it. */
  int32_t (*write)(void* instance, const busway_write* call);
} busway_format;

/* ---- steps ---- */

/* How a step ends. */
enum {
  BUSWAY_NEXT = 0,     /* the route goes on */
  BUSWAY_FILTERED = 1, /* the route ends here, and that is no failure */
  BUSWAY_FAILED = 2,   /* the step failed; the reason went through host.fail */
  BUSWAY_LATER = 3     /* of `start` alone: busway_pending_functions.complete tells */
};

enum {
  /* Neither reads nor replaces the body: a route of such steps lets large bodies stream through. `document`, `bytes` and
   * `replace` of the message fail then. */
  BUSWAY_STEP_LEAVES_BODY = 1u
};

/* One of `run` and `start` is set. */
typedef struct busway_step {
  uint32_t struct_size;
  uint32_t flags;
  /* Works on the message and is done when it returns: BUSWAY_NEXT, _FILTERED or _FAILED. On a thread that serves the network. */
  int32_t (*run)(void* instance, busway_message* message);
  /* For what takes time: begins, and mostly answers BUSWAY_LATER; then `pending` must be completed, once, from any thread, also
   * when nobody waits any more. Any other answer ends the step at once, and `pending` is gone. `message` is this call's only:
   * what the work needs later is taken out before. On a thread that serves the network: it must not wait. */
  int32_t (*start)(void* instance, busway_message* message, busway_pending* pending);
} busway_step;

/* ---- what the host offers ---- */

/* Looks at documents. A function asked about a value of another kind answers 0, an empty text or BUSWAY_NOTHING. */
typedef struct busway_document_functions {
  uint32_t struct_size;
  uint32_t reserved;
  uint32_t (*kind)(busway_node node);
  int32_t (*boolean)(busway_node node);
  double (*number)(busway_node node);
  /* A string's text, or a number's as it came in; a computed number is printed into `buffer`, which has 32 bytes. */
  busway_text (*text)(busway_node node, char* buffer);
  size_t (*size)(busway_node node); /* items of an array, members of an object, bytes of a string */
  busway_node (*item)(busway_node array, size_t index);
  busway_node (*member)(busway_node object, busway_text key); /* linear in the members */
  busway_member_of_node (*member_at)(busway_node object, size_t index);
} busway_document_functions;

/* Builds a document, from the outside in: key() stands before each value of an object, end() closes what was begun last. Each
 * answers 0, or 1 once something was wrong: the first mistake is kept and fails the call in whose course it was made, so the
 * answers need not be looked at. Mistakes: a text that is not UTF-8, a key that stands twice, a number that is none (RFC 8259,
 * 6), more than 128 levels, a value too many or too few. */
typedef struct busway_builder_functions {
  uint32_t struct_size;
  uint32_t reserved;
  int32_t (*null_value)(busway_builder* builder);
  int32_t (*boolean)(busway_builder* builder, int32_t value);
  int32_t (*number)(busway_builder* builder, double value);
  int32_t (*integer)(busway_builder* builder, int64_t value);
  /* Both borrow a text that lies in busway_read.bytes, and copy any other. A number keeps its text: 1250.10 stays 1250.10. */
  int32_t (*number_text)(busway_builder* builder, busway_text text);
  int32_t (*string)(busway_builder* builder, busway_text text);
  int32_t (*node)(busway_builder* builder, busway_node node); /* of the same message or call, with all below it; not copied */
  int32_t (*key)(busway_builder* builder, busway_text name);
  int32_t (*begin_object)(busway_builder* builder);
  int32_t (*begin_array)(busway_builder* builder);
  int32_t (*end)(busway_builder* builder);
} busway_builder_functions;

/* What `about` of a message tells. */
enum {
  BUSWAY_ABOUT_ID = 1,          /* of the message: a UUID */
  BUSWAY_ABOUT_ROUTE = 2,       /* the route's name */
  BUSWAY_ABOUT_PROTOCOL = 3,    /* "http", "soap", "tcp" */
  BUSWAY_ABOUT_METHOD = 4,      /* as received */
  BUSWAY_ABOUT_TARGET = 5,      /* as received */
  BUSWAY_ABOUT_PEER = 6,        /* "10.1.2.3:51234" */
  BUSWAY_ABOUT_OPERATION = 7,   /* SOAP */
  BUSWAY_ABOUT_CONTENT_TYPE = 8 /* of the body as received; empty when it was replaced */
};

/* The message of a step, while `run` or `start` runs. What it hands out lives until then; a new value put in place of an old one
 * does not end the old one before. */
typedef struct busway_message_functions {
  uint32_t struct_size;
  uint32_t reserved;
  /* The body as a document, parsed at first use; BUSWAY_NOTHING when there is none. 0, or 2 (BUSWAY_FAILED, to be returned as it
   * is) when the body cannot be read: the reason is set. */
  int32_t (*document)(busway_message* message, busway_node* document);
  /* The body's bytes as they came in: 1, or 0 when a step has replaced them (then there is only the document). */
  int32_t (*bytes)(busway_message* message, busway_text* bytes);
  /* For a new body: it takes the place of the old one when the step ends with BUSWAY_NEXT. Received header fields go then, those
   * the route has set stay. Null, with the failure set, while another builder of this message is unfinished. */
  busway_builder* (*replace)(busway_message* message);
  busway_builder* (*set_variable)(busway_message* message, busway_text name); /* likewise: $vars.NAME, at once when it is built */
  busway_node (*variable)(busway_message* message, busway_text name);         /* BUSWAY_NOTHING when there is none */
  size_t (*header_count)(busway_message* message);
  busway_text (*header_at)(busway_message* message, size_t index, busway_text* value); /* the name; in the order received */
  /* The first of that name, in any case: 1, or 0 when there is none. */
  int32_t (*header)(busway_message* message, busway_text name, busway_text* value);
  /* Puts one field in place of all of that name; it travels with the message, also when the body is replaced. 0, or 2 with the
   * failure set: what frames a message or steers the bus cannot be set, nor a value with a control character. */
  int32_t (*set_header)(busway_message* message, busway_text name, busway_text value);
  int32_t (*remove_header)(busway_message* message, busway_text name); /* likewise */
  busway_text (*about)(busway_message* message, uint32_t what);        /* empty when it does not apply */
  int64_t (*time_left_ms)(busway_message* message);                    /* until the deadline; INT64_MAX when there is none */
  busway_failure* (*failure)(busway_message* message);                 /* for host.fail */
} busway_message_functions;

/* A step that completes later. From the moment `start` has answered BUSWAY_LATER these may be called from any thread, by one at a
 * time; before that by `start` alone. `complete` ends the handle: whatever comes later is a mistake that nobody catches. */
typedef struct busway_pending_functions {
  uint32_t struct_size;
  uint32_t reserved;
  busway_builder* (*replace)(busway_pending* pending); /* as those of the message */
  busway_builder* (*set_variable)(busway_pending* pending, busway_text name);
  busway_failure* (*failure)(busway_pending* pending);
  int32_t (*unwanted)(busway_pending* pending); /* 1 when the deadline has passed or the bus stops: the work may be dropped */
  void (*complete)(busway_pending* pending, int32_t flow); /* BUSWAY_NEXT, _FILTERED or _FAILED */
} busway_pending_functions;

enum { BUSWAY_LOG_DEBUG = 0, BUSWAY_LOG_INFO = 1, BUSWAY_LOG_WARN = 2, BUSWAY_LOG_ERROR = 3 };

/* What the host gives to a plugin. It lives as long as the process, and everything in it may be called from any thread that holds
 * the handle in question. */
struct busway_host {
  uint32_t struct_size;
  uint32_t abi_version;
  const busway_document_functions* document;
  const busway_builder_functions* builder;
  const busway_message_functions* message;
  const busway_pending_functions* pending;
  void (*append)(busway_sink* sink, busway_text bytes);
  /* Keeps the reason of a failing call, the last one that is given. Answers BUSWAY_FAILED, so that `return host->fail(...)` is
   * right in steps and formats alike. */
  int32_t (*fail)(busway_failure* failure, const busway_reason* reason);
  /* A line of the bus's log, marked with the plugin's name; at most ten a second. Any thread. */
  void (*log)(const busway_host* host, uint32_t level, busway_text text);
  /* Lets others have their turn while a large body is worked on: to be called in outer loops of format functions and of `run`, by
   * whoever holds no lock there and keeps nothing of use in thread-local memory. Cheap enough for every record; `work` is what
   * was done since the last time, in units of some 50 ns. 0: nobody waits for the result any more, and it may be given up. */
  int32_t (*pause)(int32_t work);
};

/* Whether this host can run a plugin that was built with this header. */
#define BUSWAY_HOST_FITS(host) \
  ((host) != 0 && ((host)->abi_version >> 16) == BUSWAY_ABI_MAJOR && (host)->abi_version >= BUSWAY_ABI_VERSION)

/* The one symbol a plugin exports. Called once in a process, on one thread, before anything else of the plugin: it declares, and
 * does nothing besides; `busway check` gives it five seconds in a process of its own. It answers a static busway_plugin; null
 * when it cannot serve at all. When the host does not fit it keeps away from it and answers its declaration all the same: the
 * host then tells both versions. */
BUSWAY_EXPORT const busway_plugin* busway_plugin_entry(const busway_host* host);

#ifdef __cplusplus
}
#endif

#endif
