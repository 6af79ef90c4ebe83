/* An adapter that is right in everything; a test defines what shall be wrong in it before it includes this. */
#include <stdlib.h>

#include "busway_plugin.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}
#ifndef ADAPTER_NAME
#define ADAPTER_NAME "wire"
#endif
#ifndef ADAPTER_FLAGS
#define ADAPTER_FLAGS 0
#endif
#ifndef SOURCE
#define SOURCE &source
#endif
#ifndef TARGET
#define TARGET &target
#endif
#ifndef TARGET_SIZE
#define TARGET_SIZE sizeof(busway_target)
#endif
#ifndef OPEN
#define OPEN open_source
#endif
#ifndef CALL
#define CALL call
#endif
#ifndef KEY_NAME
#define KEY_NAME "places"
#endif
#ifndef KEY_TYPE
#define KEY_TYPE BUSWAY_FIELD_TEXTS
#endif
#ifndef KEY_FLAGS
#define KEY_FLAGS BUSWAY_FIELD_ENDPOINTS
#endif
#ifndef FROM_KEY_FLAGS
#define FROM_KEY_FLAGS 0
#endif
#ifndef PART_MAKE
#define PART_MAKE make
#endif
#ifndef OUTER_MAKE
#define OUTER_MAKE 0
#endif
#ifndef IN_MAKE
#define IN_MAKE
#endif
#ifndef EXAMPLE
#define EXAMPLE "services: { far: { wire: { places: [ a ] } } }"
#endif

static const busway_host* host;

static int32_t make(const busway_make* made, void** instance) {
  (void)made;
  (void)instance;
  IN_MAKE;
  return 0;
}
static int32_t open_source(void* listener, const busway_source_open* opening) {
  (void)listener;
  (void)opening;
  return 0;
}
static void reply(void* listener, void* user, const busway_reply* answer) {
  (void)listener;
  (void)user;
  (void)answer;
}
static void call(void* service, busway_request* request, busway_ticket ticket) {
  busway_answer answer = {sizeof answer, 0, {0, 0}, {0, 0}, 0, 0, 0};
  (void)service;
  answer.bytes = host->request->bytes(request);
  host->call->answer(ticket, &answer);
}

static const busway_field from_fields[] = {{sizeof(busway_field),
                                            BUSWAY_FIELD_TEXT,
                                            FROM_KEY_FLAGS,
                                            0,
                                            TEXT("subject"),
                                            TEXT("What it is about."),
                                            {0, 0},
                                            {0, 0},
                                            {0, 0},
                                            0}};
static const busway_field service_fields[] = {
    {sizeof(busway_field), KEY_TYPE, KEY_FLAGS, 0, TEXT(KEY_NAME), TEXT("Where it is."), {0, 0}, {0, 0}, {0, 0}, 0}};
static const busway_part from = {sizeof from, 0, from_fields, 1, make, 0};
static const busway_part service = {sizeof service, 0, service_fields, 1, PART_MAKE, 0};
static const busway_source source = {sizeof source, 0, {0, 0}, 0, &from, OPEN, 0, 0, 0, reply, 0};
static const busway_target target = {TARGET_SIZE, 0, &service, 0, CALL, 0, 0, 0, 0, 0, 0};
static const busway_adapter adapter = {sizeof adapter, ADAPTER_FLAGS, SOURCE, TARGET};
static const busway_example examples[] = {{sizeof(busway_example), 0, TEXT("A service"), TEXT(EXAMPLE)}};
static const busway_component component = {sizeof component,
                                           BUSWAY_KIND_ADAPTER,
                                           TEXT(ADAPTER_NAME),
                                           TEXT("Does little."),
                                           {0, 0},
                                           0,
                                           0,
                                           examples,
                                           1,
                                           OUTER_MAKE,
                                           0,
                                           &adapter,
                                           0};
static const busway_component* const components[] = {&component};
static const busway_plugin plugin = {sizeof plugin, BUSWAY_ABI_VERSION, TEXT("adapter frame"), TEXT("1"), components, 1};

BUSWAY_EXPORT const busway_plugin* busway_plugin_entry(const busway_host* given) {
  host = given;
  (void)make;
  (void)open_source;
  (void)call;
  (void)source;
  (void)target;
  return &plugin;
}
