/* A plugin that is right in everything; a test defines what shall be wrong in it before it includes this. */
#include <stdlib.h>
#include <unistd.h>

#include "busway_plugin.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}
#ifndef KIND
#define KIND BUSWAY_KIND_STEP
#endif
#ifndef NAME
#define NAME "nothing"
#endif
#ifndef SUMMARY
#define SUMMARY TEXT("Does nothing.")
#endif
#ifndef FIELD_TYPE
#define FIELD_TYPE BUSWAY_FIELD_INTEGER
#endif
#ifndef FIELD_DEFAULT
#define FIELD_DEFAULT "1"
#endif
#ifndef FIELD_COUNT
#define FIELD_COUNT 1
#endif
#ifndef FIELD_SIZE
#define FIELD_SIZE sizeof(busway_field)
#endif
#ifndef ABI
#define ABI BUSWAY_ABI_VERSION
#endif
#ifndef ENTRY
#define ENTRY busway_plugin_entry
#endif
#ifndef IN_ENTRY
#define IN_ENTRY
#endif
#ifndef IN_MAKE
#define IN_MAKE
#endif
#ifndef RUN
#define RUN run
#endif

static const busway_host* host;

static int32_t run(void* instance, busway_message* message) {
  (void)instance;
  (void)message;
  return BUSWAY_NEXT;
}

static int32_t make(const busway_make* call, void** instance) {
  (void)call;
  (void)instance;
  IN_MAKE;
  return 0;
}

static const busway_field fields[] = {
    {FIELD_SIZE, FIELD_TYPE, 0, 0, TEXT("count"), TEXT("A number of things."), TEXT(FIELD_DEFAULT), {0, 0}, {0, 0}, 0}};
static const busway_step step = {sizeof step, 0, RUN, 0};
static const busway_component component = {
    sizeof component, KIND, TEXT(NAME), SUMMARY, {0, 0}, fields, FIELD_COUNT, 0, 0, make, 0, &step, 0};
static const busway_component* const components[] = {&component};
static const busway_plugin plugin = {sizeof plugin, ABI, TEXT("frame"), TEXT("1"), components, 1};

BUSWAY_EXPORT const busway_plugin* ENTRY(const busway_host* given) {
  host = given;
  (void)run;
  IN_ENTRY;
  return &plugin;
}
