#include "plugins/host/format.hpp"

#include "bus/spare.hpp"
#include "plugins/host/handles.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"

namespace busway::plugins {

namespace {

class PluginFormat final : public Format {
 public:
  PluginFormat(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin, std::optional<Instance> instance)
      : plugin_(std::move(plugin)), name_(declared.name), content_type_(declared.content_type), instance_(std::move(instance)) {
    if (instance_) functions_ = *read_sized<busway_format>(instance_->component().role);
  }
  std::string_view name() const override { return name_; }
  std::string_view content_type() const override { return content_type_; }
  Result<Node> read(std::string_view bytes, Arena& arena) const override;
  Result<void> write(const Node& document, std::string& out) const override;

 private:
  std::unexpected<Error> not_loaded() const {
    return fail(ErrorKind::internal, "the plugin of the format '" + name_ + "' is declared, and not loaded");
  }
  // Whatever a plugin calls it: a body that cannot be read is one, and the bus knows whose.
  static std::unexpected<Error> refused(busway_failure& failure, const char* doing) {
    Error error = failure.take(doing);
    error.kind = ErrorKind::format;
    return std::unexpected(std::move(error));
  }

  std::shared_ptr<const Plugin> plugin_;  // behind the instance
  std::string name_;
  std::string content_type_;
  std::optional<Instance> instance_;
  busway_format functions_{};
};

Result<Node> PluginFormat::read(std::string_view bytes, Arena& arena) const {
  if (!instance_) return not_loaded();
  Spare<DocumentBuilder::Bench> bench;
  busway_builder builder(arena, *bench, bytes);
  busway_failure failure;
  busway_read call{
      .struct_size = sizeof(busway_read), .reserved = 0, .bytes = text_of(bytes), .builder = &builder, .failure = &failure};
  if (functions_.read(instance_->get(), &call) != 0) return refused(failure, "reading the body");
  return builder.finish();
}

Result<void> PluginFormat::write(const Node& document, std::string& out) const {
  if (!instance_) return not_loaded();
  busway_sink sink{out};
  busway_failure failure;
  busway_write call{
      .struct_size = sizeof(busway_write), .reserved = 0, .document = node_of(document), .sink = &sink, .failure = &failure};
  if (functions_.write(instance_->get(), &call) != 0) return refused(failure, "writing the body");
  return {};
}

}  // namespace

std::unique_ptr<const Format> make_format(const ComponentDeclaration& declared, std::shared_ptr<const Plugin> plugin,
                                          std::optional<Instance> instance) {
  return std::make_unique<PluginFormat>(declared, std::move(plugin), std::move(instance));
}

}  // namespace busway::plugins
