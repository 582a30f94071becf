package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_USAGE;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Suggestion;
import java.util.ArrayList;
import java.util.List;

/// What a setting means, in lines for a person.
public final class SettingExplanation {
    private SettingExplanation() {}

    /// The text for a setting such as `train.learning_rate`, or for all settings of a stage.
    public static String of(String path) {
        Class<? extends StageSpec> stage = StageSpec.TYPES.get(path);
        if (stage != null) {
            return "%s  %s%n".formatted(path, StageOutput.describe(path))
                    + list(path, RecordType.of(stage));
        }
        SettingComponent component = SettingPath.describe(path).orElseThrow(() -> unknown(path));
        Setting setting = component.setting();
        var lines = new StringBuilder();
        lines.append(path).append('\n');
        lines.append("  ").append(setting.value()).append('\n');
        lines.append("  value    ").append(component.type().expected(setting));
        lines.append(setting.nullable() ? ", or null\n" : "\n");
        lines.append("  default  ")
                .append(component.isRequired() ? "none: must be given" : setting.byDefault())
                .append('\n');
        if (setting.also().length > 0) {
            lines.append("  also     ").append(String.join(", ", setting.also())).append('\n');
        }
        component.type().record().ifPresent(inner -> lines.append(list(path, inner)));
        return lines.toString();
    }

    private static String list(String path, RecordType type) {
        var lines = new StringBuilder();
        for (SettingComponent component : type.components()) {
            lines.append(
                    String.format(
                            "%s.%s = %s%n    %s%n",
                            path,
                            component.key(),
                            component.isRequired() ? "(required)" : component.setting().byDefault(),
                            component.setting().value()));
        }
        return lines.toString();
    }

    private static CgloraException unknown(String path) {
        var known = new ArrayList<String>(SettingPath.all());
        String last = path.substring(path.lastIndexOf('.') + 1);
        List<String> sameKey = known.stream().filter(p -> p.endsWith("." + last)).toList();
        known.addAll(StageSpec.TYPES.keySet());
        known.addAll(ErrorExplanation.all());
        String near = Suggestion.nearest(path, known);
        String fix =
                !sameKey.isEmpty()
                        ? "did you mean '" + String.join("' or '", sameKey) + "'?"
                        : near.isEmpty()
                                ? "settings begin with a stage: "
                                        + String.join(", ", StageSpec.TYPES.keySet())
                                : "did you mean '" + near + "'?";
        return new CgloraException(P_USAGE, "", "no such setting '" + path + "'", fix);
    }
}
