#include "transforms/schema/dialect.hpp"

#include <array>

namespace busway::schema {

std::optional<Dialect> find_dialect(std::string_view metaschema) {
  if (metaschema.ends_with('#')) metaschema.remove_suffix(1);
  std::string_view rest = metaschema;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest == "json-schema.org/draft-04/schema") return Dialect{.draft = Draft::draft4};
  if (rest == "json-schema.org/draft-06/schema") return Dialect{.draft = Draft::draft6};
  if (rest == "json-schema.org/draft-07/schema") return Dialect{.draft = Draft::draft7};
  if (rest == "json-schema.org/draft/2019-09/schema") return Dialect{.draft = Draft::draft2019};
  if (rest == "json-schema.org/draft/2020-12/schema") return Dialect{.draft = Draft::draft2020};
  return std::nullopt;
}

std::string_view name_of(Draft draft) {
  switch (draft) {
    case Draft::draft4: return "draft-04";
    case Draft::draft6: return "draft-06";
    case Draft::draft7: return "draft-07";
    case Draft::draft2019: return "2019-09";
    case Draft::draft2020: return "2020-12";
  }
  return "2020-12";
}

std::span<const Applicator> applicators() {
  using enum Draft;
  static constexpr std::array all = {
      Applicator{"$defs", Holds::map, draft2019, draft2020},
      Applicator{"additionalItems", Holds::one, draft4, draft2019},
      Applicator{"additionalProperties", Holds::one, draft4, draft2020},
      Applicator{"allOf", Holds::list, draft4, draft2020},
      Applicator{"anyOf", Holds::list, draft4, draft2020},
      Applicator{"contains", Holds::one, draft6, draft2020},
      Applicator{"contentSchema", Holds::one, draft2019, draft2020},
      Applicator{"definitions", Holds::map, draft4, draft2020},
      Applicator{"dependencies", Holds::map_or_names, draft4, draft2020},
      Applicator{"dependentSchemas", Holds::map, draft2019, draft2020},
      Applicator{"else", Holds::one, draft7, draft2020},
      Applicator{"if", Holds::one, draft7, draft2020},
      Applicator{"items", Holds::one_or_list, draft4, draft2020},
      Applicator{"not", Holds::one, draft4, draft2020},
      Applicator{"oneOf", Holds::list, draft4, draft2020},
      Applicator{"patternProperties", Holds::map, draft4, draft2020},
      Applicator{"prefixItems", Holds::list, draft2020, draft2020},
      Applicator{"properties", Holds::map, draft4, draft2020},
      Applicator{"propertyNames", Holds::one, draft6, draft2020},
      Applicator{"then", Holds::one, draft7, draft2020},
      Applicator{"unevaluatedItems", Holds::one, draft2019, draft2020},
      Applicator{"unevaluatedProperties", Holds::one, draft2019, draft2020},
  };
  return all;
}

}  // namespace busway::schema
