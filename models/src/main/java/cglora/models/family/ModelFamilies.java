package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.bert.BertModel;
import cglora.models.bert.DistilBertModel;
import cglora.models.bert.ElectraModel;
import cglora.models.bert.RobertaModel;
import cglora.models.block.Body;
import cglora.models.block.ModelFamily;
import cglora.models.llama.LlamaModel;
import cglora.models.t5.T5Model;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// The one table of model families.
final class ModelFamilies {
    /// What an export to ONNX is of.
    static final ModelFamily ONNX = BertModel.FAMILY;

    private static final List<ModelFamily> ALL =
            List.of(
                    BertModel.FAMILY,
                    DistilBertModel.FAMILY,
                    ElectraModel.FAMILY,
                    LlamaModel.LLAMA,
                    LlamaModel.MISTRAL,
                    LlamaModel.QWEN2,
                    LlamaModel.QWEN3,
                    RobertaModel.FAMILY,
                    RobertaModel.XLM,
                    T5Model.FAMILY);

    private ModelFamilies() {}

    /// The names of all families, for messages.
    static String supported() {
        return "supported: "
                + ALL.stream().map(ModelFamily::modelType).collect(Collectors.joining(", "));
    }

    /// The body that a `config.json` describes.
    ///
    /// @throws CgloraException M-FAMILY for a family or an architecture that is not known, M-CONFIG
    ///     or M-SHAPE
    static Body body(JsonNode config, String where) {
        String type = config.path("model_type").asString("");
        ModelFamily family =
                ALL.stream()
                        .filter(f -> f.modelType().equals(type))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new CgloraException(
                                                ErrorCode.M_FAMILY,
                                                where,
                                                type.isEmpty()
                                                        ? "no model_type"
                                                        : "model_type '" + type + "'",
                                                supported()));
        requireArchitecture(family, config, where);
        return family.read(config, where);
    }

    /// A class of another family, or of nobody's, computes something else.
    private static void requireArchitecture(ModelFamily family, JsonNode config, String where) {
        for (JsonNode architecture : config.path("architectures")) {
            String name = architecture.asString("");
            if (!name.matches(family.classes() + "(Model|WithLMHeadModel|For[A-Z].*)")) {
                throw new CgloraException(
                        ErrorCode.M_FAMILY,
                        where,
                        "architecture '%s' is none of %s".formatted(name, family.modelType()),
                        "supported: %1$sModel and %1$sFor…; where the weights are those of one of"
                                        .formatted(family.classes())
                                + " them, \"config\": {\"architectures\": [\"%sModel\"]}"
                                        .formatted(family.classes())
                                + " in the model stage");
            }
        }
    }
}
