#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bus/assert.hpp"
#include "plugins/host/declaration.hpp"

// A plugin's declaration, as structs in its memory. In the bus a child reads it, and where pointers lead nowhere the child ends;
// here pointers are good or null, and everything else is as the input says: sizes, counts, kinds, flags, texts. What lies behind
// a struct is zero, as far as the largest count and size reach.
namespace {

using namespace busway::plugins;

constexpr std::size_t reach = 2UL * 1024 * 1024;  // 256 elements of 4096 bytes, and more
constexpr std::size_t most_structs = 128;

std::int32_t make(const busway_make*, void**) {
  return 0;
}

// Memory that is zero and costs nothing until it is written.
std::uint8_t* memory() {
  static auto* made = static_cast<std::uint8_t*>(
      ::mmap(nullptr, reach * most_structs, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  BUSWAY_ASSERT(made != MAP_FAILED);
  return made;
}

class Image {
 public:
  Image(const std::uint8_t* data, std::size_t size) : left_(data, data + size), texts_(data, data + size) {
    texts_.resize(size + 64UL * 1024 + 256);
  }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() {
    for (std::size_t i = 0; i < used_.size(); ++i) std::memset(memory() + i * reach, 0, used_[i]);
  }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    std::uint8_t out = left_.back();
    left_.pop_back();
    return out;
  }
  std::uint32_t number(std::uint32_t usual) {
    std::uint8_t how = byte();
    if (how < 200) return usual;
    return how < 250 ? byte() : static_cast<std::uint32_t>(byte()) << 24 | byte();
  }
  busway_text text(const char* usual) {
    std::uint8_t how = byte();
    if (how < 200) return {usual, std::strlen(usual)};
    if (how < 210) return {nullptr, byte()};
    return {reinterpret_cast<const char*>(texts_.data()) + byte(), how < 250 ? byte() : std::size_t{1} << byte() % 40};
  }
  template <class T>
  const T* pointer(const T* usual) {
    return byte() < 240 ? usual : nullptr;
  }
  template <class T>
  const T* put(const T& made) {
    BUSWAY_ASSERT(used_.size() < most_structs);
    std::uint8_t* at = memory() + used_.size() * reach;
    std::memcpy(at, &made, sizeof(T));
    used_.push_back(sizeof(T));
    return reinterpret_cast<const T*>(at);
  }

 private:
  std::vector<std::uint8_t> left_;
  std::vector<std::uint8_t> texts_;
  std::vector<std::size_t> used_;  // of each part of the memory
};

template <class T>
std::uint32_t size_of(Image& image) {
  return image.number(sizeof(T));
}

const busway_field* field(Image& image) {
  busway_field out{};
  out.struct_size = size_of<busway_field>(image);
  out.type = image.number(BUSWAY_FIELD_TEXTS);
  out.flags = image.number(0);
  out.name = image.text("name");
  out.doc = image.text("A doc.");
  out.default_text = image.text("");
  out.at_least = image.text("");
  out.at_most = image.text("");
  busway_text choice = image.text("here");
  out.choice_count = image.number(0);
  out.choices = image.pointer(image.put(choice));
  return image.put(out);
}

const busway_part* part(Image& image) {
  busway_part out{};
  out.struct_size = size_of<busway_part>(image);
  out.fields = image.pointer(field(image));
  out.field_count = image.number(1);
  out.make = image.byte() < 240 ? make : nullptr;
  return image.put(out);
}

const void* role(Image& image, std::uint32_t kind) {
  if (kind == BUSWAY_KIND_FORMAT) {
    busway_format out{};
    out.struct_size = size_of<busway_format>(image);
    out.flags = image.number(0);
    out.content_type = image.text("text/x-a");
    busway_text type = image.text("text/x-a");
    out.content_types = image.pointer(image.put(type));
    out.content_type_count = image.number(1);
    out.read = [](void*, const busway_read*) { return 0; };
    out.write = [](void*, const busway_write*) { return 0; };
    return image.put(out);
  }
  if (kind == BUSWAY_KIND_STEP) {
    busway_step out{};
    out.struct_size = size_of<busway_step>(image);
    out.flags = image.number(0);
    if (image.byte() < 240) out.run = [](void*, busway_message*) { return 0; };
    return image.put(out);
  }
  busway_source source{};
  source.struct_size = size_of<busway_source>(image);
  source.flags = image.number(0);
  source.acknowledges = image.text("");
  source.listener = image.pointer(part(image));
  source.from = image.pointer(part(image));
  source.open = [](void*, const busway_source_open*) { return 0; };
  source.reply = [](void*, void*, const busway_reply*) {};
  busway_target target{};
  target.struct_size = size_of<busway_target>(image);
  target.flags = image.number(0);
  target.service = image.pointer(part(image));
  target.call = [](void*, busway_request*, busway_ticket) {};
  busway_adapter out{};
  out.struct_size = size_of<busway_adapter>(image);
  out.flags = image.number(0);
  out.source = image.pointer(image.put(source));
  out.target = image.pointer(image.put(target));
  return image.put(out);
}

const busway_component* component(Image& image) {
  busway_component out{};
  out.struct_size = size_of<busway_component>(image);
  out.kind = image.number(1U + image.byte() % 3);
  out.name = image.text("thing");
  out.summary = image.text("Does it.");
  out.doc = image.text("");
  busway_example example{};
  example.struct_size = size_of<busway_example>(image);
  example.title = image.text("One");
  example.text = image.text("thing: {}");
  out.examples = image.pointer(image.put(example));
  out.example_count = image.number(1);
  out.role = role(image, out.kind);
  if (out.kind != BUSWAY_KIND_ADAPTER) {
    out.fields = image.pointer(field(image));
    out.field_count = image.number(1);
    out.make = make;
  }
  return image.put(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Image image(data, size);
  std::vector<const busway_component*> components(1U + image.byte() % 3);
  for (const busway_component*& at : components) at = component(image);
  busway_plugin plugin{};
  plugin.struct_size = size_of<busway_plugin>(image);
  plugin.abi_version = image.byte() < 240 ? BUSWAY_ABI_VERSION : image.number(0);
  plugin.name = image.text("a plugin");
  plugin.version = image.text("1");
  plugin.components = components.data();
  plugin.component_count = components.size();
  // What is taken holds the rules, and comes back from the child as it was.
  if (auto read = read_declaration(&plugin)) {
    BUSWAY_ASSERT(check_declaration(*read).has_value());
    std::string bytes = encode(*read);
    auto back = decode(bytes);
    BUSWAY_ASSERT(back.has_value() && encode(*back) == bytes);
  }
  // Whatever a child sends is refused, or holds the rules.
  if (auto decoded = decode({reinterpret_cast<const char*>(data), size})) BUSWAY_ASSERT(check_declaration(*decoded).has_value());
  return 0;
}
