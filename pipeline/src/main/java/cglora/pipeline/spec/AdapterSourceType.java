package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.P_VALUE;

import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.Map;

/// `head`, the id of a stage, or `runs/sst2/latest`, a folder.
record AdapterSourceType() implements SettingType {
    private static final TextType FOLDER = new TextType();

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof StringValue(_, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        if (text.isBlank()) {
            return binder.fail(
                    P_VALUE, value, "the text is empty", "give a value, or leave it out");
        }
        if (!AdapterSource.isFolder(text)) {
            return new AdapterSource(text, null);
        }
        Object folder = FOLDER.bind(value, setting, binder);
        return folder == Binder.FAILED ? folder : new AdapterSource(null, (String) folder);
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        var source = (AdapterSource) value;
        return source.folder() == null
                ? SettingType.escape(source.stage())
                : FOLDER.plain(source.folder(), setting, paths);
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("type", "string");
    }

    @Override
    public String expected(Setting setting) {
        return "the id of a stage, or a folder with a / in its path";
    }
}
